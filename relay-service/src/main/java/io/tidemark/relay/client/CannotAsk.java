package io.tidemark.relay.client;

/** A relay cannot even be asked; the message names the option, what is wrong with its value, and the fix. */
public final class CannotAsk extends Exception {

    public CannotAsk(String message) {
        super(message);
    }

    CannotAsk(String message, Throwable cause) {
        super(message, cause);
    }
}
