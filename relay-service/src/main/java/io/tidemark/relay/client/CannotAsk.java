// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.client;

/** A relay cannot be asked because an option is wrong. The message names the option, the problem and the fix. */
public final class CannotAsk extends Exception {

    public CannotAsk(String message) {
        super(message);
    }

    CannotAsk(String message, Throwable cause) {
        super(message, cause);
    }
}
