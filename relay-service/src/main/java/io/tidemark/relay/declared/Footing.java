// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.declared;

/** What a {@code success} would stand on. */
public sealed interface Footing {

    /** The group reads what is declared: what it has committed says what it has consumed. */
    record Firm() implements Footing {}

    /**
     * Nothing is missing, but only because nothing is read, or nothing is there.
     *
     * @param reason in words
     * @param seenNanos when that was seen, by {@link System#nanoTime}: it may have changed since
     */
    record Hollow(String reason, long seenNanos) implements Footing {}

    /** Kafka has not told yet, or not for long, what the group reads. */
    record Unseen() implements Footing {}
}
