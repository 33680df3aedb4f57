package io.tidemark.consumers;

/** What a reader does when the projection has not caught up in time. */
public enum Fallback {
    /** Read the projection as it is. */
    STALE,
    /** Read the primary database instead. */
    PRIMARY,
    /** Give up: {@link NotCaughtUpException}. */
    FAIL
}
