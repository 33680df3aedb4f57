// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http.gate;

import io.tidemark.outbox.Token;
import io.tidemark.outbox.seal.TokenForm;
import io.tidemark.outbox.seal.UnacceptedTokenException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The tokens that a request carries, in the header {@code Tidemark-Token} and in cookies of that name. They are joined:
 * a reader that has both has seen the writes of both.
 *
 * @param token all parts that can be read; empty if there are none
 * @param cookie those that came from cookies
 * @param unreadable what is wrong with the other parts, for people; empty if nothing
 * @param cookieState whether the cookie can be replaced by what has been read of it
 */
record CarriedTokens(Optional<Token> token, Optional<Token> cookie, String unreadable, CookieState cookieState) {

    enum CookieState {
        /** Every part was read, or the request has no cookie. */
        READABLE,
        /** A part can be read by no version of the relay, and with no secret. */
        SPOILT,
        /** A part was not used, and is of use to another relay, or with another request: keep the cookie. */
        TO_KEEP
    }

    /** The name of the header and of the cookie. */
    static final String NAME = Token.HTTP_HEADER;

    /** Maximum length of the reason: a header may be long, and the answer repeats it. */
    private static final int MAX_REASON_CHARS = 300;

    /** A proxy or a client may have joined several header lines with commas. */
    private static final Pattern HEADER_PARTS = Pattern.compile("[,~]");

    private static final Pattern COOKIE_PARTS = Pattern.compile("~");
    /** Some frameworks encode the value of a cookie as in a URL (PHP's setcookie does). */
    private static final Pattern ENCODED_TILDE = Pattern.compile("%7[Ee]");

    /** A part that a newer relay, beside this one during an upgrade, may be able to read. */
    private static final Pattern OTHER_VERSION = Pattern.compile("t[ms](?!1\\.)[0-9]{1,4}\\..*");

    /**
     * Reads both. Each part between {@code ~} is read separately, so that an unreadable part does not affect others.
     *
     * @param headerLines the values of the header {@code Tidemark-Token}
     * @param cookieLines the values of the header {@code Cookie}; HTTP/2 may split it into several
     * @param form in which callers have tokens
     */
    static CarriedTokens in(Iterable<String> headerLines, Iterable<String> cookieLines, TokenForm form) {
        Joined ofHeader = new Joined("header", form);
        headerLines.forEach(line -> ofHeader.add(HEADER_PARTS, line));
        Joined ofCookie = new Joined("cookie", form);
        cookieLines.forEach(line -> valuesIn(line).forEach(value -> ofCookie.add(COOKIE_PARTS, value)));
        Joined all = new Joined("header and cookie together", form);
        ofHeader.token.ifPresent(all::merge);
        ofCookie.token.ifPresent(all::merge);
        List<String> unreadable = new ArrayList<>(ofHeader.unreadable);
        unreadable.addAll(ofCookie.unreadable);
        unreadable.addAll(all.unreadable);
        return new CarriedTokens(all.token, ofCookie.token, shortened(String.join("; ", unreadable)), ofCookie.state);
    }

    /** Whether the request carries no token, readable or not. */
    boolean isEmpty() {
        return token.isEmpty() && unreadable.isEmpty();
    }

    /** The values of our cookie, of which a browser sends several if they have different paths. */
    private static List<String> valuesIn(String cookieLine) {
        List<String> values = new ArrayList<>();
        for (String pair : cookieLine.split(";", -1)) {
            String cookie = pair.strip();
            if (cookie.startsWith(NAME + "=")) {
                String value = cookie.substring(NAME.length() + 1).strip();
                boolean isQuoted = value.length() > 1 && value.startsWith("\"") && value.endsWith("\"");
                String bare = isQuoted ? value.substring(1, value.length() - 1) : value;
                values.add(ENCODED_TILDE.matcher(bare).replaceAll("~"));
            }
        }
        return values;
    }

    private static String shortened(String reason) {
        return reason.length() > MAX_REASON_CHARS ? reason.substring(0, MAX_REASON_CHARS) + "…" : reason;
    }

    /** Tokens of one place, joined as they are read. */
    private static final class Joined {

        private final String place;
        private final TokenForm form;
        private final List<String> unreadable = new ArrayList<>();
        private Optional<Token> token = Optional.empty();
        private CookieState state = CookieState.READABLE;

        Joined(String place, TokenForm form) {
            this.place = place;
            this.form = form;
        }

        void add(Pattern separator, String value) {
            for (String part : separator.split(value, -1)) {
                if (!part.isBlank()) {
                    add(part.strip());
                }
            }
        }

        private void add(String part) {
            try {
                merge(form.read(part));
            } catch (IllegalArgumentException malformed) {
                boolean isSpoilt = state != CookieState.TO_KEEP
                        && !(malformed instanceof UnacceptedTokenException)
                        && !OTHER_VERSION.matcher(part).matches();
                state = isSpoilt ? CookieState.SPOILT : CookieState.TO_KEEP;
                unreadable.add(place + " " + NAME + ": " + malformed.getMessage());
            }
        }

        void merge(Token other) {
            try {
                token = Optional.of(token.isEmpty() ? other : token.get().merge(other));
            } catch (IllegalArgumentException tooLong) {
                state = CookieState.TO_KEEP;
                unreadable.add(place + " " + NAME + ": " + tooLong.getMessage());
            }
        }
    }
}
