// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.route;

import org.jspecify.annotations.Nullable;

/** An event cannot be published by its route. The message has the event, its position, the reason and the fix. */
public final class PoisonEvent extends RuntimeException {

    private final String event;
    private final String reason;

    /**
     * Joins the parts to one sentence.
     *
     * @param event the event's name from {@link Router#name}
     * @param reason continues the sentence after the event's name; also in the dead letter
     * @param fix what a person can change
     */
    public PoisonEvent(String event, String reason, String fix, @Nullable Throwable cause) {
        // without a stack trace: one batch may have thousands, and the message is enough
        super(event + " " + reason + "; " + fix + ", then restart the relay", cause, true, false);
        this.event = event;
        this.reason = reason;
    }

    /** The message without the fix: for an event that is among the dead letters, nothing needs to be changed. */
    public String withoutFix() {
        return event + " " + reason;
    }

    public String reason() {
        return reason;
    }
}
