// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.web;

/** What a filter does with a request whose header or cookie {@code Tidemark-Token} has an unreadable part. */
public enum UnreadableTokens {
    /**
     * Serve the request without that part. A token is only a hint what to wait for, so a caller with a newer or damaged
     * token must not be rejected. The filter logs the reason and returns it to the application. The default.
     */
    IGNORE,
    /** Return HTTP 400 with the reason, before the application sees the request. */
    REJECT
}
