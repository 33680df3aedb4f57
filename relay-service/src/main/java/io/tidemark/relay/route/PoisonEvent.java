package io.tidemark.relay.route;

/** One event cannot be published as the route has it; the message names the event, its position, why, and the fix. */
public final class PoisonEvent extends RuntimeException {

    public PoisonEvent(String message) {
        super(message);
    }

    public PoisonEvent(String message, Throwable cause) {
        super(message, cause);
    }
}
