// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http;

import io.dropwizard.util.Duration;
import io.tidemark.outbox.Token;
import io.tidemark.relay.explain.SearchFrom;
import io.tidemark.relay.http.response.Problem;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Parses the values in requests. Answers 400 to an invalid value, and names it. */
final class Params {

    private static final Pattern TOPIC = Pattern.compile("[A-Za-z0-9._-]{1,249}");

    private Params() {}

    static Token token(String text) {
        try {
            return Token.parse(text);
        } catch (IllegalArgumentException e) {
            throw Problem.badRequest(String.valueOf(e.getMessage()));
        }
    }

    /** False if absent. */
    static boolean strict(@Nullable String text) {
        return flag("strict", text, false);
    }

    static boolean flag(String name, @Nullable String text, boolean whenAbsent) {
        if (text == null) {
            return whenAbsent;
        }
        if (text.equals("true") || text.equals("false")) {
            return text.equals("true");
        }
        throw Problem.badRequest(name + " '" + shortened(text) + "' is neither true nor false");
    }

    /** Empty without a topic; without a time, the topic from its beginning. */
    static Optional<SearchFrom> place(@Nullable String topic, @Nullable String since) {
        if (topic == null) {
            if (since != null) {
                throw Problem.badRequest("since is of use only with topic; name the topic to look into");
            }
            return Optional.empty();
        }
        if (!TOPIC.matcher(topic).matches()) {
            throw Problem.badRequest(
                    "topic '" + shortened(topic) + "' is no topic's name: up to 249 letters, digits, '.', '_' and '-'");
        }
        return Optional.of(new SearchFrom(topic, since == null ? Instant.EPOCH : moment(since)));
    }

    private static Instant moment(String since) {
        try {
            return OffsetDateTime.parse(since).toInstant();
        } catch (DateTimeParseException e) {
            throw Problem.badRequest("since '" + shortened(since)
                    + "' is not a moment in ISO 8601 with its zone; write it as 2026-11-25T08:00:00Z");
        }
    }

    /** Limits the length of a value that an answer repeats. */
    static String shortened(String text) {
        return text.length() > 64 ? text.substring(0, 64) + "…" : text;
    }

    /**
     * A number with a unit, as in {@code 750ms} or {@code 2s}, in milliseconds; 0 if absent. More than a day counts as
     * a day: the configured maximum limits it anyway.
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
