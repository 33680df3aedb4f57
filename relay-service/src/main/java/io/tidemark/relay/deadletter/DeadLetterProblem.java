package io.tidemark.relay.deadletter;

/** What was asked for cannot be done with this dead letter, which stays as it is; the message says why, and the fix. */
public final class DeadLetterProblem extends Exception {

    DeadLetterProblem(String message) {
        super(message);
    }

    DeadLetterProblem(String message, Throwable cause) {
        super(message, cause);
    }
}
