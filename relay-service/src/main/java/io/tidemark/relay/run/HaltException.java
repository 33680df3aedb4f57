// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.run;

/** Publishing must stop until a person has acted. The message has the reason and what to do. */
public final class HaltException extends Exception {

    HaltException(String message) {
        super(message);
    }

    HaltException(String message, Throwable cause) {
        super(message, cause);
    }
}
