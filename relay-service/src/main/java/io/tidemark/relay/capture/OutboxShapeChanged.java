// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture;

/**
 * A row of the outbox table differs from what its migration made. The reason names the column and the fix. The row's
 * transaction must not be published.
 */
public final class OutboxShapeChanged extends RuntimeException {

    private final String reason;

    public OutboxShapeChanged(String reason) {
        super(reason);
        this.reason = reason;
    }

    /** The message, which is never null. */
    public String reason() {
        return reason;
    }
}
