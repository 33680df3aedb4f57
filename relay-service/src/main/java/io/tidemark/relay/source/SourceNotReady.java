// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source;

/**
 * The database cannot be captured in its present state; nothing is lost by waiting. The message says what is wrong and
 * which command or setting fixes it. The relay tries again.
 */
public final class SourceNotReady extends Exception {

    private final boolean rightMissing;

    public SourceNotReady(String message) {
        super(message);
        this.rightMissing = false;
    }

    public SourceNotReady(String message, Throwable cause) {
        super(message, cause);
        this.rightMissing = false;
    }

    private SourceNotReady(String message, boolean rightMissing) {
        super(message);
        this.rightMissing = rightMissing;
    }

    public static SourceNotReady forWantOfARight(String message) {
        return new SourceNotReady(message, true);
    }

    /** Whether only a person can fix it, by granting what the message names. */
    public boolean isRightMissing() {
        return rightMissing;
    }
}
