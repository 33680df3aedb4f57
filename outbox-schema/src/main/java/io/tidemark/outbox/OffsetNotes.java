// SPDX-License-Identifier: Apache-2.0
package io.tidemark.outbox;

/** Notes that a consumer can commit with an offset, as Kafka's commit metadata, for the relay. */
public final class OffsetNotes {

    /** The group rebuilds a projection that is not read yet. Waiting for it does not help until it has caught up. */
    public static final String REBUILDING = "tidemark-rebuilding";

    private OffsetNotes() {}
}
