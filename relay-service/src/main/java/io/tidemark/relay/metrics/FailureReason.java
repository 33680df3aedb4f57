// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.metrics;

import java.util.Locale;

/** Why a run, or an attempt at one, ended. */
public enum FailureReason {
    /** Continuing could lose or repeat events, or a right is missing. */
    HALTED,
    /** Another relay has taken over this source. */
    FENCED,
    /** The database is unreachable, or its setup is wrong. */
    POSTGRES,
    /** The replication stream has ended, or makes no progress. */
    CAPTURE,
    /** Kafka is unreachable, or accepts no writes. */
    KAFKA,
    /** The file of a large transaction could not be written. */
    SPILL,
    /** A file that the configuration names could not be read. */
    CONFIGURATION,
    /** A bug. */
    UNEXPECTED;

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
