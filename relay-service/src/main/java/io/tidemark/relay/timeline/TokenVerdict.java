// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.timeline;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.WatermarkStatus;

/** What a part of a token means on a database's timeline. */
public sealed interface TokenVerdict {

    /** Its write is in the database's history, if it was made at all: everything up to {@code lsn} is what it asks for. */
    record InHistory(Lsn lsn) implements TokenVerdict {}

    /** It is of a younger timeline than the database's, which may have yet to follow a failover. */
    record Younger(Lsn lsn, int timeline) implements TokenVerdict {}

    /**
     * It cannot be waited for.
     *
     * @param status {@code FOREIGN}, {@code DIVERGED}, {@code EXPIRED} or {@code UNKNOWN}
     * @param reason in words
     * @param rest what of the part its owner has to keep
     * @param sharedUpTo up to where its timeline is part of the database's history; zero where it is not
     */
    record Refused(WatermarkStatus status, String reason, Rest rest, Lsn sharedUpTo) implements TokenVerdict {

        public static Refused keeping(WatermarkStatus status, String reason) {
            return new Refused(status, reason, Rest.KEPT, Lsn.ZERO);
        }

        static Refused dropping(WatermarkStatus status, String reason) {
            return new Refused(status, reason, Rest.DROPPED, Lsn.ZERO);
        }

        static Refused cutting(WatermarkStatus status, String reason, Lsn sharedUpTo) {
            return new Refused(status, reason, Rest.CUT, sharedUpTo);
        }
    }

    /** What of a refused part its owner has to keep. */
    enum Rest {
        /** All of it: somebody else may judge it, or this database later. */
        KEPT,
        /** What lies at or below the point where the database left its timeline. */
        CUT,
        /** Nothing: its history is gone for good. */
        DROPPED
    }
}
