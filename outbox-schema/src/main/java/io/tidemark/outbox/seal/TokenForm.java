// SPDX-License-Identifier: Apache-2.0
package io.tidemark.outbox.seal;

import io.tidemark.outbox.Token;

/** The text of tokens in headers, cookies and requests: {@link #PLAIN}, or sealed ({@link TokenSeal}). */
public interface TokenForm {

    /** The text of {@code outbox.token()}. Rejects sealed tokens, because it has no secret to open them. */
    TokenForm PLAIN = new TokenForm() {

        @Override
        public Token read(String text) {
            if (TokenSeal.looksSealed(text)) {
                throw new UnacceptedTokenException(UnacceptedTokenException.Why.NO_SECRET);
            }
            return Token.parse(text);
        }

        @Override
        public String write(Token token) {
            return token.toString();
        }

        @Override
        public boolean isSealed() {
            return false;
        }

        @Override
        public String toString() {
            return "plain";
        }
    };

    /**
     * The token that a text of a caller stands for.
     *
     * @throws UnacceptedTokenException when the text has the other form, or was sealed with another secret, or was altered
     * @throws IllegalArgumentException when the text is malformed
     */
    Token read(String text);

    /** The text to hand to a caller. */
    String write(Token token);

    /** Whether holders of the text cannot read it. */
    boolean isSealed();
}
