package io.tidemark.relay;

/** Publishing must stop until a person has acted; the message says why and what to do. */
final class HaltException extends Exception {

    HaltException(String message) {
        super(message);
    }

    HaltException(String message, Throwable cause) {
        super(message, cause);
    }
}
