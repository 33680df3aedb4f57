package io.tidemark.relay.source;

/**
 * The database cannot be captured as it is; nothing is lost by waiting. The message says what is wrong and which
 * command or setting mends it. The relay tries again.
 */
public final class SourceNotReady extends Exception {

    public SourceNotReady(String message) {
        super(message);
    }

    public SourceNotReady(String message, Throwable cause) {
        super(message, cause);
    }
}
