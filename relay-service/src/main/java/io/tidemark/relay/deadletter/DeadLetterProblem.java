// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.deadletter;

/** The request cannot be done, and the dead letter is unchanged. The message has the reason and the fix. */
public final class DeadLetterProblem extends Exception {

    DeadLetterProblem(String message) {
        super(message);
    }

    DeadLetterProblem(String message, Throwable cause) {
        super(message, cause);
    }
}
