// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture;

/**
 * The outbox table differs from what its migration made. The message names the column and the fix. Publishing must
 * stop.
 */
public final class OutboxShapeChanged extends RuntimeException {

    public OutboxShapeChanged(String message) {
        super(message);
    }
}
