// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.WatermarkStatus;
import io.tidemark.relay.declared.Doubt;
import io.tidemark.relay.group.GroupState;
import io.tidemark.relay.group.PartitionNeed;
import io.tidemark.relay.timeline.JudgedToken;
import io.tidemark.relay.timeline.TokenVerdict;
import java.util.List;
import java.util.Optional;

/** The relay's answer to a question about one projection. */
public sealed interface Answer {

    /** The status that callers see. */
    WatermarkStatus status();

    /** The case of the status, for programs, in kebab case; part of the HTTP API. */
    String code();

    /**
     * The group has consumed everything at or below the token.
     *
     * @param evidenceAgeMillis time since the group's offsets were read
     */
    record Success(long waitedMillis, Lsn published, long evidenceAgeMillis) implements Answer {

        @Override
        public String code() {
            return "caught-up";
        }

        @Override
        public WatermarkStatus status() {
            return WatermarkStatus.SUCCESS;
        }
    }

    /** The token was not published when the wait ended. */
    record SourceBehind(long waitedMillis, Lsn published) implements Answer {

        @Override
        public String code() {
            return "not-published";
        }

        @Override
        public WatermarkStatus status() {
            return WatermarkStatus.TIMEOUT;
        }
    }

    /** The token was published, but not consumed when the wait ended. */
    record ProjectionBehind(long waitedMillis, Lsn published, List<PartitionNeed> behind, long evidenceAgeMillis)
            implements Answer {

        @Override
        public String code() {
            return "not-consumed";
        }

        @Override
        public WatermarkStatus status() {
            return WatermarkStatus.TIMEOUT;
        }
    }

    /**
     * The token was consumed when the wait ended, but {@code projections[].visibleAfter} had not passed since.
     *
     * @param reason for people
     */
    record NotVisible(String reason, long waitedMillis, Lsn published, long evidenceAgeMillis) implements Answer {

        @Override
        public String code() {
            return "not-visible";
        }

        @Override
        public WatermarkStatus status() {
            return WatermarkStatus.TIMEOUT;
        }
    }

    /**
     * The token is published, but the group makes no progress: it is stalled, stopped or rebuilding. Returned
     * immediately.
     *
     * @param reason for people
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
        public String code() {
            return "group-" + status().word();
        }

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
        public String code() {
            return "ahead-of-wal";
        }

        @Override
        public WatermarkStatus status() {
            return WatermarkStatus.AHEAD;
        }
    }

    /**
     * Waiting does not help.
     *
     * @param reason for people
     * @param judged the token part by part, if one of its parts is refused; empty if there is another reason
     * @param others the answer, without waiting, for the parts that are not refused; empty if there are none
     */
    record Refused(
            WatermarkStatus status, String code, String reason, Optional<JudgedToken> judged, Optional<Answer> others)
            implements Answer {

        public Refused(WatermarkStatus status, String reason) {
            this(status, TokenVerdict.Refused.codeOf(status), reason, Optional.empty(), Optional.empty());
        }

        /** The answer cannot be known. */
        static Refused unknown(Doubt doubt) {
            return new Refused(
                    WatermarkStatus.UNKNOWN, doubt.code(), doubt.reason(), Optional.empty(), Optional.empty());
        }

        static Refused of(TokenVerdict.Refused refusal, JudgedToken judged, Optional<Answer> others) {
            Optional<Answer> ahead = others.filter(Ahead.class::isInstance)
                    .filter(one ->
                            refusal.status() == WatermarkStatus.EXPIRED || refusal.status() == WatermarkStatus.UNKNOWN);
            return new Refused(
                    ahead.map(Answer::status).orElse(refusal.status()),
                    ahead.map(Answer::code).orElse(refusal.code()),
                    refusal.reason(),
                    Optional.of(judged),
                    others);
        }
    }

    /** This replica cannot know the answer now. Another replica, or this one later, may know it. */
    record Unavailable(String reason) implements Answer {

        @Override
        public String code() {
            return "unavailable";
        }

        @Override
        public WatermarkStatus status() {
            return WatermarkStatus.UNKNOWN;
        }
    }

    /**
     * The maximum number of waiting requests is reached.
     *
     * @param setting the configuration key of the limit
     */
    record TooManyWaiters(int limit, String setting) implements Answer {

        @Override
        public String code() {
            return "too-many-waiters";
        }

        @Override
        public WatermarkStatus status() {
            return WatermarkStatus.UNKNOWN;
        }

        /** The reason, for people. */
        public String reason() {
            return limit + " requests are waiting already (" + setting + ")";
        }
    }
}
