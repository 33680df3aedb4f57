// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publication;

/** What one look at publication and table has found. */
public sealed interface PublicationLook {

    /** It is so, and no open transaction is about to change it. */
    record Seen(PublicationState state) implements PublicationLook {}

    /**
     * An open transaction changes the publication. Its commit may be in the WAL, and decide what is decoded, before
     * anybody sees it.
     *
     * @param holder which one, in words
     */
    record InDoubt(String holder) implements PublicationLook {

        /** What it means for the events, and what to do. */
        public String reason(String publication) {
            return "an open transaction changes publication " + publication + ": " + holder
                    + ". Events are not confirmed"
                    + " as published until it has ended; commit it or roll it back, or end its backend with"
                    + " pg_terminate_backend";
        }
    }

    /** There is no such publication or table. */
    record Missing(String reason) implements PublicationLook {}
}
