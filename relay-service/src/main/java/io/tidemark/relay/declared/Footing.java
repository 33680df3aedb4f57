// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.declared;

/** The basis of a {@code success}. */
public sealed interface Footing {

    /** The group reads what is declared: its committed offsets show what it has consumed. */
    record Firm() implements Footing {}

    /**
     * Nothing is missing, but only because the group reads nothing, or the topic does not exist.
     *
     * @param doubt what is missing
     * @param seenNanos when that was seen, by {@link System#nanoTime}; it may have changed since
     */
    record Hollow(Doubt doubt, long seenNanos) implements Footing {

        /** For people. */
        public String reason() {
            return doubt.reason();
        }
    }

    /** Kafka has not reported what the group reads, or not recently. */
    record Unseen() implements Footing {}
}
