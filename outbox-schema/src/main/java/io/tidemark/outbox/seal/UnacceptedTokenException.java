// SPDX-License-Identifier: Apache-2.0
package io.tidemark.outbox.seal;

import java.util.Locale;

/**
 * A text may be a token, but not one that is accepted here. Another process, with other secrets, may accept it. The
 * message never repeats the text.
 */
public final class UnacceptedTokenException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    /** The cases. */
    public enum Why {
        /** The token is sealed, and no secret is set here. */
        NO_SECRET("sealed token: no secret is set here to open it"),
        /** The token is not sealed, and only sealed tokens are accepted here. */
        UNSEALED_TOKEN("unsealed token: only sealed tokens are accepted here, because a plain one could be forged"),
        /** No secret opens the token: it was altered, or sealed with another secret. */
        SEAL_NOT_VALID("sealed token: no secret opens it; it was altered, or sealed with another secret");

        private final String message;

        Why(String message) {
            this.message = message;
        }

        /** For programs, in kebab case. */
        public String code() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private final Why why;

    UnacceptedTokenException(Why why) {
        super(why.message);
        this.why = why;
    }

    public Why why() {
        return why;
    }
}
