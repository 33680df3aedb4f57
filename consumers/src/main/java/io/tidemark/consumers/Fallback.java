package io.tidemark.consumers;

/**
 * What a reader does when no relay has said that the projection has caught up, whatever the reason: it is behind, it has
 * stopped, no relay can be reached, or all relays refuse the request.
 */
public enum Fallback {
    /** Read the projection although it may be behind. */
    STALE,
    /** Read the primary database instead. */
    PRIMARY,
    /** Throw a {@link NotCaughtUpException}. */
    FAIL
}
