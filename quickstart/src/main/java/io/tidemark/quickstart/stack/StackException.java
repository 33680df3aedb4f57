// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.stack;

/** A server could not be started or stopped. The message has the server, the reason and the location of its log. */
public final class StackException extends RuntimeException {

    public StackException(String message) {
        super(message);
    }

    public StackException(String message, Throwable cause) {
        super(message, cause);
    }
}
