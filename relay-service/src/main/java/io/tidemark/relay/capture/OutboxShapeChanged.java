// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture;

/**
 * A row of the outbox table differs from what its migration made. The message names the column and the fix. The row's
 * transaction must not be published.
 */
public final class OutboxShapeChanged extends RuntimeException {

    public OutboxShapeChanged(String message) {
        super(message);
    }
}
