// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.benchmark.peer;

import io.tidemark.it.harness.TestSource;
import org.jspecify.annotations.Nullable;

/** Something that moves events out of an outbox table. */
interface Peer {

    /** For the table of results. */
    String name();

    /** A fresh database with the outbox table, and everything that must exist before the first event is written. */
    TestSource create() throws Exception;

    /** The beginning of an INSERT up to the values: aggregate type, aggregate id, event type, payload. */
    String insert();

    /** Starts the process and returns immediately. */
    Running start(TestSource source) throws Exception;

    /** Its process, while it runs. */
    interface Running extends AutoCloseable {

        long pid();

        /** @throws IllegalStateException if it has ended; names its log */
        void checkAlive();

        /** Number of events that have arrived: readable in Kafka, or counted by the peer. */
        long arrived();

        /** The events in Kafka; null for a peer that only counts. */
        @Nullable
        Arrivals arrivals();

        @Override
        void close() throws Exception;
    }
}
