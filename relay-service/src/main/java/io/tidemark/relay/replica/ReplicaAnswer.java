package io.tidemark.relay.replica;

import io.tidemark.outbox.Lsn;

/** What can be said of a standby. */
public sealed interface ReplicaAnswer {

    /** Everything at or below the token is visible there. */
    record Success(long waitedMillis, Lsn replayed, int timeline) implements ReplicaAnswer {}

    /**
     * Not yet, when the wait was over.
     *
     * @param reason why, where it is not only that it is behind; empty otherwise
     */
    record Behind(long waitedMillis, Lsn replayed, int timeline, String reason) implements ReplicaAnswer {}

    /** The token is of another source than the standby's database. */
    record Foreign(String reason) implements ReplicaAnswer {}

    /** The token lies on a part of an older timeline that the standby does not have: its write was lost. */
    record Diverged(String reason) implements ReplicaAnswer {}

    /** Beyond the primary's WAL. */
    record Ahead(String reason) implements ReplicaAnswer {}

    /** The history in which it could be judged is no longer there. */
    record Expired(String reason) implements ReplicaAnswer {}

    /** It cannot be told, and waiting does not help: it is no standby any more. */
    record Unknown(String reason) implements ReplicaAnswer {}

    /** It cannot be reached now. */
    record Unavailable(String reason) implements ReplicaAnswer {}

    /** As many as allowed are waiting already. */
    record TooManyWaiters(int limit) implements ReplicaAnswer {}
}
