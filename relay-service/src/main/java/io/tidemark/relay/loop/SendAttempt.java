// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.loop;

/** The result of sending some Postgres transactions in one Kafka transaction. */
sealed interface SendAttempt {

    /** All of them are committed. */
    record Committed() implements SendAttempt {}

    /**
     * Nothing is committed: one of them has an event that cannot be published, or that Kafka has refused.
     *
     * @param before number of transactions before that one; these can be committed without it
     */
    record StoppedBy(int before) implements SendAttempt {}
}
