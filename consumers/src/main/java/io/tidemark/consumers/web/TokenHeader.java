// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.web;

import io.tidemark.outbox.Token;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The header {@code Tidemark-Token}: the tokens of a request, merged with those written while it was served. */
final class TokenHeader {

    /** Maximum length of the reason: a header may be long, and the reason is logged. */
    private static final int MAX_REASON_CHARS = 200;

    private TokenHeader() {}

    /**
     * The tokens of a request.
     *
     * @param token all parts that can be read; empty if none
     * @param unreadable what is wrong with the other parts; empty if nothing
     */
    record Received(Optional<Token> token, String unreadable) {

        /** The message for {@link UnreadableTokens#REJECT}. */
        String refusal() {
            return "header " + Token.HTTP_HEADER + ": " + unreadable
                    + "; send the token that the server returned, or omit the header";
        }
    }

    /**
     * Reads a request's tokens. They may be in several header lines, or in one line in which a proxy or a client has
     * joined them with commas. Each part between {@code ~} is read separately, so that an unreadable part does not
     * affect others.
     *
     * @param lines the values of the header; may be empty
     */
    static Received read(Iterable<@Nullable String> lines) {
        Optional<Token> token = Optional.empty();
        List<String> unreadable = new ArrayList<>();
        for (String line : lines) {
            for (String part : (line == null ? "" : line).split("[,~]", -1)) {
                if (!part.isBlank()) {
                    try {
                        Token read = Token.parse(part.trim());
                        token = Optional.of(token.isEmpty() ? read : token.get().merge(read));
                    } catch (IllegalArgumentException e) {
                        unreadable.add(String.valueOf(e.getMessage()));
                    }
                }
            }
        }
        String reason = String.join("; ", unreadable);
        return new Received(
                token, reason.length() > MAX_REASON_CHARS ? reason.substring(0, MAX_REASON_CHARS) + "…" : reason);
    }

    /** The token for the caller: both together, so that it also reads its older writes. */
    static Optional<Token> merge(Optional<Token> received, Optional<Token> written) {
        if (received.isEmpty() || written.isEmpty()) {
            return written.or(() -> received);
        }
        try {
            return Optional.of(received.get().merge(written.get()));
        } catch (IllegalArgumentException e) {
            // together too long: a long request token must not spoil the token of the caller's new write
            return written;
        }
    }
}
