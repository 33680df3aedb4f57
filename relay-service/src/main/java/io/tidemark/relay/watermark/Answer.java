package io.tidemark.relay.watermark;

import io.tidemark.outbox.Lsn;
import java.util.List;

/** What the endpoint can say. */
public sealed interface Answer {

    /**
     * A partition in which the group has yet to come further.
     *
     * @param need the offset it must have committed
     * @param have the offset it has committed; 0 when none
     */
    record Behind(String topic, int partition, long need, long have) {}

    /**
     * Everything at or below the token is consumed.
     *
     * @param evidenceAgeMillis how long ago the group's offsets were read
     */
    record Success(long waitedMillis, Lsn published, long evidenceAgeMillis) implements Answer {}

    /** Not published yet when the wait was over. */
    record SourceBehind(long waitedMillis, Lsn published) implements Answer {}

    /** Published, but not consumed when the wait was over. */
    record ProjectionBehind(long waitedMillis, Lsn published, List<Behind> behind, long evidenceAgeMillis)
            implements Answer {}

    /**
     * Published, but the group does not get there: stalled, stopped, or going over its events again. Given at once.
     *
     * @param reason in words
     */
    record Hopeless(
            GroupState state,
            String reason,
            long waitedMillis,
            Lsn published,
            List<Behind> behind,
            long evidenceAgeMillis)
            implements Answer {}

    /** The token names a source this relay does not serve. */
    record Foreign(String source) implements Answer {}

    /** The token lies beyond the database's WAL: no write can have made it here. */
    record Ahead(Lsn published) implements Answer {}

    /** The token lies on a part of an older timeline that the database no longer has: its write was lost. */
    record Diverged(String reason) implements Answer {}

    /** The history in which it could be judged is no longer there. */
    record Expired(String reason) implements Answer {}

    /** It cannot be told, for a reason that waiting does not mend. */
    record Unknown(String reason) implements Answer {}

    /** This replica cannot know just now; another one may, or this one later. */
    record Unavailable(String reason) implements Answer {}

    /**
     * As many as allowed are waiting already.
     *
     * @param setting by which
     */
    record TooManyWaiters(int limit, String setting) implements Answer {

        /** In words. */
        public String reason() {
            return limit + " requests are waiting already (" + setting + ")";
        }
    }
}
