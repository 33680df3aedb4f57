package io.tidemark.relay.route;

import org.jspecify.annotations.Nullable;

/** One event cannot be published as the route has it; the message names the event, its position, why, and the fix. */
public final class PoisonEvent extends RuntimeException {

    private final String reason;

    /**
     * Joined to one sentence.
     *
     * @param event as {@link Router#name} has it
     * @param reason goes on after the event's name; stands in the dead letter too
     * @param fix what a person can change
     */
    public PoisonEvent(String event, String reason, String fix, @Nullable Throwable cause) {
        // without a stack trace: thousands may be in one batch, and the message says everything
        super(event + " " + reason + "; " + fix + ", then restart the relay", cause, true, false);
        this.reason = reason;
    }

    public String reason() {
        return reason;
    }
}
