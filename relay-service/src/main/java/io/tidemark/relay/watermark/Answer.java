// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.WatermarkStatus;
import io.tidemark.relay.group.GroupState;
import io.tidemark.relay.group.PartitionNeed;
import io.tidemark.relay.timeline.JudgedToken;
import io.tidemark.relay.timeline.TokenVerdict;
import java.util.List;
import java.util.Optional;

/** What the relay answers to a question about one projection. */
public sealed interface Answer {

    /** The word that callers see. */
    WatermarkStatus status();

    /**
     * Everything at or below the token is consumed.
     *
     * @param evidenceAgeMillis how long ago the group's offsets were read
     */
    record Success(long waitedMillis, Lsn published, long evidenceAgeMillis) implements Answer {

        @Override
        public WatermarkStatus status() {
            return WatermarkStatus.SUCCESS;
        }
    }

    /** Not published yet when the wait was over. */
    record SourceBehind(long waitedMillis, Lsn published) implements Answer {

        @Override
        public WatermarkStatus status() {
            return WatermarkStatus.TIMEOUT;
        }
    }

    /** Published, but not consumed when the wait was over. */
    record ProjectionBehind(long waitedMillis, Lsn published, List<PartitionNeed> behind, long evidenceAgeMillis)
            implements Answer {

        @Override
        public WatermarkStatus status() {
            return WatermarkStatus.TIMEOUT;
        }
    }

    /**
     * Published, but the group makes no progress: it is stalled, stopped, or goes over its events again. Given at once.
     *
     * @param reason in words
     */
    record NoProgress(
            GroupState state,
            String reason,
            long waitedMillis,
            Lsn published,
            List<PartitionNeed> behind,
            long evidenceAgeMillis)
            implements Answer {

        @Override
        public WatermarkStatus status() {
            return switch (state) {
                case STALLED -> WatermarkStatus.STALLED;
                case STOPPED -> WatermarkStatus.STOPPED;
                case REBUILDING -> WatermarkStatus.REBUILDING;
                case RUNNING, LAGGING, UNKNOWN -> throw new IllegalStateException("a group makes progress: " + state);
            };
        }
    }

    /** The token lies beyond the database's WAL: no write can have made it here. */
    record Ahead(Lsn published) implements Answer {

        @Override
        public WatermarkStatus status() {
            return WatermarkStatus.AHEAD;
        }
    }

    /**
     * Waiting does not help.
     *
     * @param reason in words
     * @param judged the token part by part, where one of its parts is refused; empty where something else is the reason
     * @param others how it stood, without waiting, with the parts that are not refused; empty when there are none
     */
    record Refused(WatermarkStatus status, String reason, Optional<JudgedToken> judged, Optional<Answer> others)
            implements Answer {

        public Refused(WatermarkStatus status, String reason) {
            this(status, reason, Optional.empty(), Optional.empty());
        }

        /** It cannot be known. */
        static Refused unknown(String reason) {
            return new Refused(WatermarkStatus.UNKNOWN, reason);
        }

        static Refused of(TokenVerdict.Refused refusal, JudgedToken judged, Optional<Answer> others) {
            boolean isAhead = others.filter(Ahead.class::isInstance).isPresent()
                    && (refusal.status() == WatermarkStatus.EXPIRED || refusal.status() == WatermarkStatus.UNKNOWN);
            return new Refused(
                    isAhead ? WatermarkStatus.AHEAD : refusal.status(), refusal.reason(), Optional.of(judged), others);
        }
    }

    /** This replica cannot know just now; another one may, or this one later. */
    record Unavailable(String reason) implements Answer {

        @Override
        public WatermarkStatus status() {
            return WatermarkStatus.UNKNOWN;
        }
    }

    /**
     * As many as allowed are waiting already.
     *
     * @param setting by which
     */
    record TooManyWaiters(int limit, String setting) implements Answer {

        @Override
        public WatermarkStatus status() {
            return WatermarkStatus.UNKNOWN;
        }

        /** In words. */
        public String reason() {
            return limit + " requests are waiting already (" + setting + ")";
        }
    }
}
