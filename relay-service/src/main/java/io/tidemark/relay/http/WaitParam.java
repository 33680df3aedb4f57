package io.tidemark.relay.http;

import io.dropwizard.util.Duration;
import org.jspecify.annotations.Nullable;

/** The {@code wait} parameter: a number with a unit, as in {@code 750ms} or {@code 2s}. */
final class WaitParam {

    private WaitParam() {}

    /** Milliseconds; 0 when absent. Longer than a day counts as a day: the configured maximum cuts it anyway. */
    static long parseMillis(@Nullable String text) {
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
