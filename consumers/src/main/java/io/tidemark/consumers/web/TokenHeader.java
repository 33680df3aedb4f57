package io.tidemark.consumers.web;

import io.tidemark.outbox.Token;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The header {@code Tidemark-Token}: what a request came with, merged with what was written while it was served. */
final class TokenHeader {

    private TokenHeader() {}

    /**
     * The token of a request.
     *
     * @param value the header's value, null when there is none
     * @throws IllegalArgumentException saying what is wrong with it
     */
    static Optional<Token> read(@Nullable String value) {
        if (value == null || value.isBlank()) {
            return Optional.empty();
        }
        try {
            return Optional.of(Token.parse(value.trim()));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "header " + Token.HTTP_HEADER + ": " + e.getMessage() + "; send back what the server has given", e);
        }
    }

    /** What the caller has to keep: both, so that it reads its older writes as well. */
    static Optional<Token> merge(Optional<Token> received, Optional<Token> written) {
        if (received.isEmpty() || written.isEmpty()) {
            return written.or(() -> received);
        }
        try {
            return Optional.of(received.get().merge(written.get()));
        } catch (IllegalArgumentException e) {
            return written; // together too long: a caller that brings so much must not spoil what it has just written
        }
    }
}
