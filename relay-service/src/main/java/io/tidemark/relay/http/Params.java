package io.tidemark.relay.http;

import io.dropwizard.util.Duration;
import io.tidemark.outbox.Token;
import org.jspecify.annotations.Nullable;

/** What stands in requests, as values; nonsense is answered 400, naming it. */
final class Params {

    private Params() {}

    static Token token(String text) {
        try {
            return Token.parse(text);
        } catch (IllegalArgumentException e) {
            throw Problem.badRequest(String.valueOf(e.getMessage()));
        }
    }

    /** False when absent. */
    static boolean strict(@Nullable String text) {
        if (text == null || text.equals("false")) {
            return false;
        }
        if (text.equals("true")) {
            return true;
        }
        throw Problem.badRequest("strict '" + text + "' is neither true nor false");
    }

    /**
     * A number with a unit, as in {@code 750ms} or {@code 2s}, in milliseconds; 0 when absent. Longer than a day counts
     * as a day: the configured maximum cuts it anyway.
     */
    static long waitMillis(@Nullable String text) {
        if (text == null || text.equals("0")) {
            return 0;
        }
        Duration duration;
        try {
            duration = Duration.parse(text);
        } catch (IllegalArgumentException e) {
            throw Problem.badRequest("wait '" + text
                    + "' is not a duration; write a whole number and its unit, for example 750ms or 2s");
        }
        long days = Math.min(duration.toDays(), 1);
        return days > 0 ? Duration.days(1).toMilliseconds() : duration.toMilliseconds();
    }
}
