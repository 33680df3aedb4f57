// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli;

import io.dropwizard.util.DataSize;
import io.dropwizard.util.Duration;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import java.net.URI;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.UUID;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Converts command-line arguments to values. Picocli names the option; the messages here name the problem and the fix.
 */
public final class OptionValues {

    private OptionValues() {}

    /** The address of a relay's application port. */
    static final class RelayUrl implements ITypeConverter<URI> {

        private static final int HIGHEST_PORT = 65_535;

        @Override
        public URI convert(String text) {
            try {
                URI url = URI.create(text);
                boolean isHttp = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
                if (isHttp
                        && url.getHost() != null
                        && url.getPort() <= HIGHEST_PORT
                        && url.getUserInfo() == null
                        && url.getQuery() == null) {
                    return url;
                }
            } catch (IllegalArgumentException e) { // reported below
            }
            throw new TypeConversionException(
                    "'" + text + "' is not the address of a relay; write it as http://host:8080");
        }
    }

    /** A whole number and its unit. */
    public static final class Length implements ITypeConverter<java.time.Duration> {

        private static final int MOST_DAYS = 365;

        @Override
        public java.time.Duration convert(String text) {
            try {
                Duration duration = Duration.parse(text);
                if (duration.toDays() <= MOST_DAYS) {
                    return java.time.Duration.ofMillis(duration.toMilliseconds());
                }
            } catch (IllegalArgumentException e) { // reported below
            }
            throw new TypeConversionException("'" + text
                    + "' is not a duration; write a whole number and its unit, for example 750ms, 10s or 5m");
        }
    }

    /** A whole number and its unit; a number alone is bytes. */
    public static final class Size implements ITypeConverter<Long> {

        @Override
        public Long convert(String text) {
            try {
                return DataSize.parse(text).toBytes();
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(
                        "'" + text + "' is not a size; write a whole number and its unit, for example 500B or 4KiB");
            }
        }
    }

    /** A count. */
    public static final class Count implements ITypeConverter<Integer> {

        @Override
        public Integer convert(String text) {
            try {
                return Integer.valueOf(text);
            } catch (NumberFormatException e) {
                throw new TypeConversionException("'" + text + "' is not a whole number up to " + Integer.MAX_VALUE
                        + "; write it in digits, for example 1000");
            }
        }
    }

    /** What {@code outbox.token()} returned; or a sealed token, as it is: only a relay with its secret can judge it. */
    static final class TokenText implements ITypeConverter<String> {

        private static final Pattern SEALED = Pattern.compile("ts1\\.[A-Za-z0-9._~-]+");

        @Override
        public String convert(String text) {
            if (text.length() <= Token.MAX_LENGTH && SEALED.matcher(text).matches()) {
                return text;
            }
            try {
                return Token.parse(text).toString();
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage() + "; pass the result of select outbox.token()");
            }
        }
    }

    /** The same, or {@code now}. */
    static final class TokenOrNow implements ITypeConverter<String> {

        @Override
        public String convert(String text) {
            return text.equals("now") ? text : new TokenText().convert(text);
        }
    }

    /**
     * The subject of an explanation.
     *
     * @param path the path of the relay's HTTP API that explains it, without the id or token
     * @param name its id, or the token
     */
    record Subject(String path, String name) {}

    /** A token or an event's id. */
    static final class SubjectText implements ITypeConverter<Subject> {

        @Override
        public Subject convert(String text) {
            if (text.startsWith("tm") || text.startsWith("ts1.")) {
                return new Subject("/v1/tokens/", new TokenText().convert(text));
            }
            try {
                return new Subject("/v1/events/", new EventId().convert(text).toString());
            } catch (TypeConversionException e) {
                throw new TypeConversionException("'" + text
                        + "' is neither a token, which begins with tm1. or ts1., nor an event's id, which is a UUID");
            }
        }
    }

    /** An event's id. */
    static final class EventId implements ITypeConverter<UUID> {

        @Override
        public UUID convert(String text) {
            try {
                UUID id = UUID.fromString(text);
                if (id.toString().equalsIgnoreCase(text)) { // Java also takes 1-1-1-1-1
                    return id;
                }
            } catch (IllegalArgumentException e) { // reported below
            }
            throw new TypeConversionException("'" + text + "' is not an event's id, which is a UUID");
        }
    }

    /** A place in the WAL. */
    static final class LsnText implements ITypeConverter<Lsn> {

        @Override
        public Lsn convert(String text) {
            try {
                return Lsn.parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    /** A point in time, with its time zone. */
    static final class Moment implements ITypeConverter<Instant> {

        @Override
        public Instant convert(String text) {
            try {
                return OffsetDateTime.parse(text).toInstant();
            } catch (DateTimeParseException e) {
                throw new TypeConversionException(
                        "'" + text + "' is not an ISO 8601 time with its zone; write it as 2026-11-25T08:00:00Z");
            }
        }
    }
}
