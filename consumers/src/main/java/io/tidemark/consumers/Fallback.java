// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

/**
 * What a reader does if no relay has confirmed that the projection has caught up: the projection is behind or has
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
