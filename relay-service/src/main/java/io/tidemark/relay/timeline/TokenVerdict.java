// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.timeline;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.WatermarkStatus;

/** What a part of a token means on a database's timeline. */
public sealed interface TokenVerdict {

    /**
     * If its write was made at all, it is in the database's history: the part asks for everything up to {@code lsn}.
     */
    record InHistory(Lsn lsn) implements TokenVerdict {}

    /** The part is from a younger timeline than the database's, which may still have to follow a failover. */
    record Younger(Lsn lsn, int timeline) implements TokenVerdict {}

    /**
     * The part cannot be waited for.
     *
     * @param status {@code FOREIGN}, {@code DIVERGED}, {@code EXPIRED} or {@code UNKNOWN}
     * @param reason in words
     * @param rest which portion of the part its owner must keep
     * @param sharedUpTo the LSN up to which its timeline is part of the database's history; zero when it is not
     */
    record Refused(WatermarkStatus status, String reason, Rest rest, Lsn sharedUpTo) implements TokenVerdict {

        public static Refused keeping(WatermarkStatus status, String reason) {
            return new Refused(status, reason, Rest.KEPT, Lsn.ZERO);
        }

        static Refused dropping(WatermarkStatus status, String reason) {
            return new Refused(status, reason, Rest.DROPPED, Lsn.ZERO);
        }

        /** The case, for programs, in kebab case; part of the HTTP API. */
        public String code() {
            return codeOf(status);
        }

        /** The case of a refused part with this status. */
        public static String codeOf(WatermarkStatus status) {
            return switch (status) {
                case FOREIGN -> "foreign-source";
                case DIVERGED -> "write-lost";
                case EXPIRED -> "history-expired";
                case UNKNOWN -> "timeline-not-followed";
                case AHEAD -> "ahead-of-wal";
                default -> throw new IllegalArgumentException(status + " is not the status of a refused part");
            };
        }

        static Refused cutting(WatermarkStatus status, String reason, Lsn sharedUpTo) {
            return new Refused(status, reason, Rest.CUT, sharedUpTo);
        }
    }

    /** Which portion of a refused part its owner must keep. */
    enum Rest {
        /** All of it: another relay may judge it, or this database later. */
        KEPT,
        /** Everything at or below the point where the database left the part's timeline. */
        CUT,
        /** Nothing: its history no longer exists. */
        DROPPED
    }
}
