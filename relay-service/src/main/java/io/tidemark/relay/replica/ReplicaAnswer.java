// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.replica;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.WatermarkStatus;
import io.tidemark.relay.timeline.JudgedToken;
import java.util.Optional;

/** The relay's answer to a question about one standby. */
public sealed interface ReplicaAnswer {

    /** The status that callers receive. */
    WatermarkStatus status();

    /** The case of the status, for programs, in kebab case; part of the HTTP API. */
    String code();

    /** Everything at or below the token is visible there. */
    record Success(long waitedMillis, Lsn replayed, int timeline) implements ReplicaAnswer {

        @Override
        public String code() {
            return "caught-up";
        }

        @Override
        public WatermarkStatus status() {
            return WatermarkStatus.SUCCESS;
        }
    }

    /**
     * Not caught up when the wait ended.
     *
     * @param reason set if the standby is not only behind; empty otherwise
     */
    record Behind(long waitedMillis, Lsn replayed, int timeline, String reason) implements ReplicaAnswer {

        @Override
        public String code() {
            return "not-replayed";
        }

        @Override
        public WatermarkStatus status() {
            return WatermarkStatus.TIMEOUT;
        }
    }

    /**
     * Waiting does not help: the token does not belong to this standby, or the server is not a standby any more.
     *
     * @param reason in words
     * @param judged the token part by part, where one of its parts is refused; empty where something else is the reason
     * @param othersAreReplayed whether all is visible that the parts ask for that are not refused
     */
    record Refused(
            WatermarkStatus status, String code, String reason, Optional<JudgedToken> judged, boolean othersAreReplayed)
            implements ReplicaAnswer {

        Refused(WatermarkStatus status, String code, String reason) {
            this(status, code, reason, Optional.empty(), false);
        }
    }

    /** The standby cannot be reached now. */
    record Unavailable(String reason) implements ReplicaAnswer {

        @Override
        public String code() {
            return "unavailable";
        }

        @Override
        public WatermarkStatus status() {
            return WatermarkStatus.UNKNOWN;
        }
    }

    /** The maximum number of waiters is reached. */
    record TooManyWaiters(int limit) implements ReplicaAnswer {

        @Override
        public String code() {
            return "too-many-waiters";
        }

        @Override
        public WatermarkStatus status() {
            return WatermarkStatus.UNKNOWN;
        }
    }
}
