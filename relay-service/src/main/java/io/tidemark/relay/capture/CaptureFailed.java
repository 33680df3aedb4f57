// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture;

/**
 * The engine ended, did not start in time, or stopped reading. A new engine may succeed. The message says what was
 * seen.
 */
public final class CaptureFailed extends Exception {

    public CaptureFailed(String message) {
        super(message);
    }

    public CaptureFailed(String message, Throwable cause) {
        super(message, cause);
    }
}
