// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http;

import io.dropwizard.util.Duration;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.seal.TokenForm;
import io.tidemark.outbox.seal.UnacceptedTokenException;
import io.tidemark.relay.explain.SearchFrom;
import io.tidemark.relay.http.response.Problem;
import io.tidemark.relay.http.response.ProblemType;
import io.tidemark.relay.question.Question;
import jakarta.ws.rs.WebApplicationException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Parses the values in requests. Answers 400 to an invalid value, and names it. */
final class Params {

    private static final Pattern TOPIC = Pattern.compile("[A-Za-z0-9._-]{1,249}");
    private static final Pattern PLAIN = Pattern.compile("0|[1-9][0-9]{0,18}");
    private static final long DAY_MILLIS = Duration.days(1).toMilliseconds();

    private Params() {}

    /** @param form in which callers have tokens */
    static Token token(TokenForm form, String text) {
        try {
            return form.read(text);
        } catch (UnacceptedTokenException e) {
            throw Problem.of(ProblemType.of(e), String.valueOf(e.getMessage()));
        } catch (IllegalArgumentException e) {
            throw Problem.of(ProblemType.MALFORMED_TOKEN, String.valueOf(e.getMessage()));
        }
    }

    /** True if absent: a client that looks only at the HTTP status must not take "not yet" for "yes". */
    static boolean strict(@Nullable String text) {
        return flag("strict", text, true);
    }

    /**
     * The question of a request.
     *
     * @param form in which callers have tokens
     * @param token a token, or {@code now}
     * @return empty if the request asks nothing
     */
    static Optional<Question> question(
            TokenForm form,
            @Nullable String token,
            @Nullable String maxStaleness,
            @Nullable String maxStalenessMillis) {
        OptionalLong staleness = millis("maxStaleness", maxStaleness, maxStalenessMillis);
        if (staleness.isPresent()) {
            if (token != null) {
                throw Problem.of(
                        ProblemType.CONFLICTING_PARAMETERS,
                        "token and maxStaleness exclude each other; ask either whether the projection has the token's"
                                + " write, or how stale it may be");
            }
            if (staleness.getAsLong() < Question.Within.LEAST_MILLIS) {
                throw Problem.of(
                        ProblemType.MALFORMED_PARAMETER,
                        "maxStaleness is " + staleness.getAsLong() + "ms; it must be " + Question.Within.LEAST_MILLIS
                                + "ms or more. For everything committed up to now, ask with token=now");
            }
            return Optional.of(new Question.Within(staleness.getAsLong()));
        }
        if (token == null) {
            return Optional.empty();
        }
        return Optional.of(token.equals("now") ? new Question.Now() : new Question.OfToken(token(form, token)));
    }

    /** The question of a request that must ask one. */
    static Question required(Optional<Question> question) {
        return question.orElseThrow(() -> Problem.of(
                ProblemType.MISSING_PARAMETER,
                "token is missing; send what outbox.token() returned, or token=now, or maxStaleness"));
    }

    static boolean flag(String name, @Nullable String text, boolean whenAbsent) {
        if (text == null) {
            return whenAbsent;
        }
        if (text.equals("true") || text.equals("false")) {
            return text.equals("true");
        }
        throw malformed(name + " '" + shortened(text) + "' is neither true nor false");
    }

    /** Empty without a topic; without a time, the topic from its beginning. */
    static Optional<SearchFrom> place(@Nullable String topic, @Nullable String since) {
        if (topic == null) {
            if (since != null) {
                throw Problem.of(
                        ProblemType.CONFLICTING_PARAMETERS,
                        "since is of use only with topic; name the topic to look into");
            }
            return Optional.empty();
        }
        if (!TOPIC.matcher(topic).matches()) {
            throw malformed("topic '" + shortened(topic)
                    + "' is not a topic name: up to 249 letters, digits, '.', '_' and '-'");
        }
        return Optional.of(new SearchFrom(topic, since == null ? Instant.EPOCH : moment(since)));
    }

    private static Instant moment(String since) {
        try {
            return OffsetDateTime.parse(since).toInstant();
        } catch (DateTimeParseException e) {
            throw malformed("since '" + shortened(since)
                    + "' is not a moment in ISO 8601 with its zone; write it as 2026-11-25T08:00:00Z");
        }
    }

    private static WebApplicationException malformed(String detail) {
        return Problem.of(ProblemType.MALFORMED_PARAMETER, detail);
    }

    /** Limits the length of a value that an answer repeats. */
    static String shortened(String text) {
        return text.length() > 64 ? text.substring(0, 64) + "…" : text;
    }

    /** How long to wait: one of two forms; 0 if both are absent. */
    static long waitMillis(@Nullable String wait, @Nullable String waitMillis) {
        return millis("wait", wait, waitMillis).orElse(0);
    }

    /**
     * A duration in one of two forms: a number with a unit, as in {@code 750ms} or {@code 2s}, or plain milliseconds in
     * a parameter whose name ends in {@code Millis}. More than a day counts as a day: no wait is longer.
     */
    static OptionalLong millis(String name, @Nullable String text, @Nullable String millis) {
        if (text != null && millis != null) {
            throw Problem.of(
                    ProblemType.CONFLICTING_PARAMETERS,
                    name + " and " + name + "Millis are both given; send one of them");
        }
        if (text != null) {
            return OptionalLong.of(duration(name, text));
        }
        return millis == null ? OptionalLong.empty() : OptionalLong.of(plainMillis(name + "Millis", millis));
    }

    private static long duration(String name, String text) {
        if (text.equals("0")) {
            return 0;
        }
        Duration duration;
        try {
            duration = Duration.parse(text);
        } catch (IllegalArgumentException e) {
            throw Problem.of(
                    ProblemType.MALFORMED_DURATION,
                    name + " '" + shortened(text)
                            + "' is not a duration; write a whole number and its unit, for example 750ms or 2s");
        }
        return duration.toDays() > 0 ? DAY_MILLIS : duration.toMilliseconds();
    }

    private static long plainMillis(String name, String text) {
        if (!PLAIN.matcher(text).matches()) {
            throw Problem.of(
                    ProblemType.MALFORMED_DURATION,
                    name + " '" + shortened(text) + "' is not a whole number of milliseconds; write for example 750");
        }
        return text.length() > 9 ? DAY_MILLIS : Math.min(Long.parseLong(text), DAY_MILLIS);
    }
}
