// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.loop;

/** How sending some Postgres transactions in one Kafka transaction has ended. */
sealed interface SendAttempt {

    /** All of them are committed. */
    record Committed() implements SendAttempt {}

    /**
     * Nothing is committed: one of them has an event that cannot be published, or that Kafka has refused.
     *
     * @param before how many transactions precede it; those can be committed without it
     */
    record StoppedBy(int before) implements SendAttempt {}
}
