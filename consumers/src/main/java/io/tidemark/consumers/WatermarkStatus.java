package io.tidemark.consumers;

/** Whether a projection has caught up with a token; the names are those of the relay's HTTP interface. */
public enum WatermarkStatus {
    /** Everything up to the token is consumed and committed. */
    SUCCESS,
    /** Not everything up to the token is consumed within the wait. */
    TIMEOUT,
    /** The group makes no progress. */
    STALLED,
    /** The group has no members, or has stopped committing. */
    STOPPED,
    /** The group's offsets went back, or it builds its projection anew; it is catching up. */
    REBUILDING,
    /** The relay cannot judge the token. */
    UNKNOWN,
    /** The token lies beyond the database's WAL. */
    AHEAD,
    /** The token's write was lost in a failover. */
    DIVERGED,
    /** The token is of a source that the relay does not serve. */
    FOREIGN,
    /** The token is older than what the relay still knows. */
    EXPIRED,
    /** No relay has answered within the timeout; never sent by one. */
    UNREACHABLE
}
