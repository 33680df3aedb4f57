// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.web;

import io.tidemark.outbox.Token;
import io.tidemark.outbox.seal.TokenForm;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The header {@code Tidemark-Token} and the cookie of that name: the tokens of a request, merged with those written while
 * it was served.
 */
final class TokenHeader {

    /** Maximum length of the reason: a header may be long, and the reason is logged. */
    private static final int MAX_REASON_CHARS = 200;

    /** Some frameworks encode the value of a cookie as in a URL. */
    private static final Pattern ENCODED_TILDE = Pattern.compile("%7[Ee]");

    private TokenHeader() {}

    /**
     * The tokens of a request.
     *
     * @param token all parts that can be read; empty if none
     * @param unreadable where the other parts were, and what is wrong with them; empty if nothing
     */
    record Received(Optional<Token> token, String unreadable) {

        /** The message for {@link UnreadableTokens#REJECT}. */
        String refusal() {
            return unreadable + "; send the token that the server returned, or omit it";
        }
    }

    /**
     * Reads a request's tokens. They may be in several header lines, or in one line in which a proxy or a client has
     * joined them with commas. Each part between {@code ~} is read separately, so that an unreadable part does not
     * affect others. Header and cookie are joined, as the relay's gate does: a reader that has both has seen the writes of
     * both.
     *
     * @param headerLines the values of the header; may be empty
     * @param cookieLines the values of the header {@code Cookie}; may be empty
     * @param form in which callers have tokens
     */
    static Received read(
            Iterable<@Nullable String> headerLines, Iterable<@Nullable String> cookieLines, TokenForm form) {
        Optional<Token> token = Optional.empty();
        List<String> unreadable = new ArrayList<>();
        for (Part part : parts(headerLines, cookieLines)) {
            try {
                Token read = form.read(part.text());
                token = Optional.of(token.isEmpty() ? read : token.get().merge(read));
            } catch (IllegalArgumentException e) {
                unreadable.add(part.place() + " " + Token.HTTP_HEADER + ": " + e.getMessage());
            }
        }
        String reason = String.join("; ", unreadable);
        return new Received(
                token, reason.length() > MAX_REASON_CHARS ? reason.substring(0, MAX_REASON_CHARS) + "…" : reason);
    }

    /** What stands between two {@code ~}, and whether in the header or the cookie. */
    private record Part(String place, String text) {}

    private static List<Part> parts(Iterable<@Nullable String> headerLines, Iterable<@Nullable String> cookieLines) {
        List<Part> parts = new ArrayList<>();
        for (String line : headerLines) {
            addParts(parts, "header", (line == null ? "" : line).split("[,~]", -1));
        }
        for (String line : cookieLines) {
            for (String value : cookieValues(line == null ? "" : line)) {
                addParts(parts, "cookie", value.split("~", -1));
            }
        }
        return parts;
    }

    private static void addParts(List<Part> parts, String place, String[] texts) {
        for (String text : texts) {
            if (!text.isBlank()) {
                parts.add(new Part(place, text.trim()));
            }
        }
    }

    /** The values of our cookie, of which a browser sends several if they have different paths. */
    private static List<String> cookieValues(String line) {
        List<String> values = new ArrayList<>();
        for (String pair : line.split(";", -1)) {
            String cookie = pair.strip();
            if (cookie.startsWith(Token.HTTP_HEADER + "=")) {
                String value = cookie.substring(Token.HTTP_HEADER.length() + 1).strip();
                boolean isQuoted = value.length() > 1 && value.startsWith("\"") && value.endsWith("\"");
                String bare = isQuoted ? value.substring(1, value.length() - 1) : value;
                values.add(ENCODED_TILDE.matcher(bare).replaceAll("~"));
            }
        }
        return values;
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
