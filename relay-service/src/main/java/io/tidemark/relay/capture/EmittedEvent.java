// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.debezium.connector.postgresql.connection.LogicalDecodingMessage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads a logical message as {@code outbox.emit} writes it: one line of JSON, then the payload. Such a message can also
 * be written by hand. An invalid one is never skipped: it becomes an event with a defect and the whole message as its
 * payload. On the streaming thread.
 */
public final class EmittedEvent {

    /** Prefix that marks a logical message as an event; V4__emit.sql has it too. */
    public static final String PREFIX = "tidemark.event";

    private static final JsonFactory JSON = new JsonFactory();
    private static final Pattern UUID = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    private static final Pattern AGGREGATE_TYPE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,199}");
    private static final Set<String> TEXTS =
            Set.of("id", "aggregateType", "aggregateId", "eventType", "contentType", "traceparent", "tracestate");
    private static final long YEAR_10000_MILLIS = 253_402_300_800_000L;

    private final byte[] content;
    private String id = "";
    private String aggregateType = "";
    private String aggregateId = "";
    private String eventType = "";
    private @Nullable String contentType;
    private @Nullable String headers;
    private @Nullable String traceparent;
    private @Nullable String tracestate;
    private long createdAtMillis = -1;
    private @Nullable Boolean hasPayload;

    private EmittedEvent(byte[] content) {
        this.content = content;
    }

    /** @param isTransactional false for a message that would be an event even if its transaction is rolled back */
    public static CapturedEvent read(LogicalDecodingMessage message, boolean isTransactional) {
        EmittedEvent event = new EmittedEvent(message.getContent());
        try {
            byte[] payload = event.readParts();
            if (!isTransactional) {
                throw new Defect("it was written outside of any transaction");
            }
            return event.captured(payload, null);
        } catch (Defect e) {
            if (event.createdAtMillis < 0) {
                boolean knowsCommit = message.getCommitTime() != null;
                event.createdAtMillis =
                        knowsCommit ? message.getCommitTime().toEpochMilli() : System.currentTimeMillis();
            }
            return event.captured(
                    event.content, "is a '" + PREFIX + "' message that outbox.emit() did not write: " + e.getMessage());
        }
    }

    private byte @Nullable [] readParts() throws Defect {
        int lineEnd = 0;
        while (lineEnd < content.length && content[lineEnd] != '\n') {
            lineEnd++;
        }
        if (lineEnd == content.length) {
            throw new Defect("it has no first line");
        }
        try (JsonParser parser = JSON.createParser(content, 0, lineEnd)) {
            readHead(parser);
        } catch (IOException e) {
            throw new Defect("its first line is not JSON in UTF-8, or has a number that is too large");
        }
        checkHead();
        byte[] payload = Arrays.copyOfRange(content, lineEnd + 1, content.length);
        if (Objects.requireNonNull(hasPayload)) {
            return payload;
        }
        if (payload.length > 0) {
            throw new Defect("hasPayload is false, but there is one");
        }
        return null;
    }

    private void readHead(JsonParser parser) throws IOException, Defect {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw new Defect("its first line is not a JSON object");
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            JsonToken value = parser.nextToken();
            if (TEXTS.contains(field)) {
                setText(field, text(field, parser, value));
            } else if (field.equals("createdAt")) {
                require(value == JsonToken.VALUE_NUMBER_INT, "createdAt is not a whole number");
                createdAtMillis = parser.getLongValue();
            } else if (field.equals("hasPayload")) {
                require(value.isBoolean(), "hasPayload is not true or false");
                hasPayload = value == JsonToken.VALUE_TRUE;
            } else if (field.equals("headers")) {
                headers = readHeaders(parser, value);
            } else { // a later version wrote it, and it has a meaning there
                throw new Defect("it has a field '" + field + "', which this relay does not know");
            }
        }
        require(parser.currentToken() == JsonToken.END_OBJECT && parser.nextToken() == null, "its JSON has no end");
    }

    private static String text(String field, JsonParser parser, JsonToken value) throws IOException, Defect {
        require(value == JsonToken.VALUE_STRING, field + " is not a text");
        String text = parser.getText();
        require(!OwnHeaders.hasHalfCharacter(text), field + " has half a surrogate pair");
        return text;
    }

    private void setText(String field, String value) {
        switch (field) {
            case "id" -> id = value;
            case "aggregateType" -> aggregateType = value;
            case "aggregateId" -> aggregateId = value;
            case "eventType" -> eventType = value;
            case "contentType" -> contentType = value;
            case "traceparent" -> traceparent = value;
            case "tracestate" -> tracestate = value;
            default -> throw new IllegalStateException(field + " is in TEXTS only");
        }
    }

    /** Returns the object's text as written, after checking every name and value in it. */
    private String readHeaders(JsonParser parser, JsonToken start) throws IOException, Defect {
        int from = (int) parser.currentTokenLocation().getByteOffset();
        String wrong = OwnHeaders.whyNot(parser, start);
        require(wrong == null, "its headers " + wrong);
        int to = (int) parser.currentLocation().getByteOffset();
        return new String(content, from, to - from, StandardCharsets.UTF_8);
    }

    private void checkHead() throws Defect {
        require(UUID.matcher(id).matches(), "its id is not a UUID");
        require(AGGREGATE_TYPE.matcher(aggregateType).matches(), "its aggregateType is missing or illegal");
        require(!aggregateId.isEmpty(), "its aggregateId is missing");
        require(!eventType.isEmpty(), "its eventType is missing");
        require(
                createdAtMillis >= 0 && createdAtMillis < YEAR_10000_MILLIS,
                "its createdAt is missing or not between 1970 and 9999");
        require(hasPayload != null, "hasPayload is missing");
    }

    private static void require(boolean isSo, String otherwise) throws Defect {
        if (!isSo) {
            throw new Defect(otherwise);
        }
    }

    private CapturedEvent captured(byte @Nullable [] payload, @Nullable String defect) {
        boolean isFine = defect == null;
        return new CapturedEvent(
                id,
                aggregateType,
                aggregateId,
                eventType,
                payload,
                contentType,
                isFine ? headers : null,
                traceparent,
                tracestate,
                createdAtMillis,
                defect,
                false);
    }

    /** What is wrong with the message, worded to follow a colon. */
    private static final class Defect extends Exception {

        Defect(String message) {
            super(message, null, true, false);
        }
    }
}
