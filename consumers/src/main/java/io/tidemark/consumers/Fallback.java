package io.tidemark.consumers;

/** What a reader does when the projection has not caught up in time. */
public enum Fallback {
    /** Read the projection although it is behind. */
    STALE,
    /** Read the primary database instead. */
    PRIMARY,
    /** Throw a {@link NotCaughtUpException}. */
    FAIL
}
