// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture;

/** The engine ended, or did not start or turn in time; a fresh one may do better. The message says what was seen. */
public final class CaptureFailed extends Exception {

    public CaptureFailed(String message) {
        super(message);
    }

    public CaptureFailed(String message, Throwable cause) {
        super(message, cause);
    }
}
