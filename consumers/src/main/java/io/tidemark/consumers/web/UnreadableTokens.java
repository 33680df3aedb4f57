package io.tidemark.consumers.web;

/** What a filter does with a request whose header {@code Tidemark-Token} has a part that cannot be read. */
public enum UnreadableTokens {
    /**
     * Serve the request without that part: a token is a hint of what to wait for, and a caller that has a newer or a
     * damaged one must not be turned away for it. The filter logs it and says so to the application. The default.
     */
    IGNORE,
    /** Return HTTP 400 with the reason, before the application sees the request. */
    REJECT
}
