package io.tidemark.consumers.web;

import io.tidemark.outbox.Token;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The header {@code Tidemark-Token}: what a request came with, merged with what was written while it was served. */
final class TokenHeader {

    /** A header may be long, and the reason goes to the log. */
    private static final int MAX_REASON_CHARS = 200;

    private TokenHeader() {}

    /**
     * What a request came with.
     *
     * @param token of all parts that can be read; empty when there is none
     * @param unreadable what is wrong with the others; empty when nothing is
     */
    record Received(Optional<Token> token, String unreadable) {

        /** For {@link UnreadableTokens#REJECT}. */
        String refusal() {
            return "header " + Token.HTTP_HEADER + ": " + unreadable
                    + "; send back what the server has given, or leave the header out";
        }
    }

    /**
     * Reads a request's tokens: several header lines, or one in which a proxy or a client has joined them with commas, all
     * count. Each part between {@code ~} is read by itself, so that one that is unreadable costs no other.
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
