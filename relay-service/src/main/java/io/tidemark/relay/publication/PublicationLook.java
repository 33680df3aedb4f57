// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publication;

/** The result of one look at publication and table. */
public sealed interface PublicationLook {

    /** The state, which no open transaction is about to change. */
    record Seen(PublicationState state) implements PublicationLook {}

    /**
     * An open transaction changes the publication. Its commit may already be in the WAL, and affect decoding, before it
     * is visible to any query.
     *
     * @param holder describes the transaction
     */
    record InDoubt(String holder) implements PublicationLook {

        /** What the doubt means for the events, and what to do. */
        public String reason(String publication) {
            return "an open transaction changes publication " + publication + ": " + holder
                    + ". Events are not confirmed"
                    + " as published until it has ended; commit it or roll it back, or end its backend with"
                    + " pg_terminate_backend";
        }
    }

    /** The publication or the table does not exist. */
    record Missing(String reason) implements PublicationLook {}
}
