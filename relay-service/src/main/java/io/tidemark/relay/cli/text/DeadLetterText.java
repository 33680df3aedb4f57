// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli.text;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.outbox.DeadLetters;
import io.tidemark.relay.deadletter.DeadLetter;
import io.tidemark.relay.route.OutgoingEvent.OutgoingHeader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;

/** A dead letter for people and for scripts. */
public final class DeadLetterText {

    private DeadLetterText() {}

    /** One line, values with spaces in quotes. */
    public static String line(DeadLetter letter) {
        return "id=" + letter.id() + " topic=" + header(letter, DeadLetters.INTENDED_TOPIC) + " key=\""
                + header(letter, DeadLetters.INTENDED_KEY) + "\" position=" + letter.position() + " since="
                + header(letter, DeadLetters.TIME) + " payloadBytes=" + letter.payloadBytes() + " reason=\""
                + header(letter, DeadLetters.REASON) + "\"";
    }

    public static ObjectNode summary(DeadLetter letter) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("id", letter.id())
                .put("source", letter.source())
                .put("position", letter.position())
                .put("topic", header(letter, DeadLetters.INTENDED_TOPIC))
                .put("key", header(letter, DeadLetters.INTENDED_KEY))
                .put("aggregateType", header(letter, DeadLetters.AGGREGATE_TYPE))
                .put("reason", header(letter, DeadLetters.REASON))
                .put("time", header(letter, DeadLetters.TIME))
                .put("timestamp", Instant.ofEpochMilli(letter.timestampMillis()).toString())
                .put("nullPayload", letter.hasNullPayload())
                .put("payloadBytes", letter.payloadBytes())
                .put("deadLetterKey", letter.key());
    }

    public static ObjectNode json(DeadLetter letter) {
        ObjectNode json = summary(letter);
        ArrayNode headers = json.putArray("headers"); // names may repeat
        for (OutgoingHeader header : letter.headers()) {
            headers.addObject().put("name", header.name()).put("value", text(header.value()));
        }
        byte[] payload = letter.payload();
        if (payload == null) {
            return json.putNull("payload").putNull("payloadEncoding");
        }
        Optional<String> text = utf8(payload);
        return json.put("payload", text.orElseGet(() -> base64(payload)))
                .put("payloadEncoding", text.isPresent() ? "utf-8" : "base64");
    }

    /** One line for each header, an empty line, and the payload. */
    public static String text(DeadLetter letter) {
        StringBuilder text = new StringBuilder();
        text.append("dead letter: ").append(letter.key()).append('\n');
        text.append("timestamp: ")
                .append(Instant.ofEpochMilli(letter.timestampMillis()))
                .append('\n');
        for (OutgoingHeader header : letter.headers()) {
            text.append(header.name()).append(": ").append(text(header.value())).append('\n');
        }
        byte[] payload = letter.payload();
        if (payload == null) {
            return text.append("\n(no payload)").toString();
        }
        return text.append('\n')
                .append(utf8(payload).orElseGet(() -> "(base64) " + base64(payload)))
                .toString();
    }

    private static String header(DeadLetter letter, String name) {
        return letter.header(name).orElse("");
    }

    private static String text(byte[] bytes) {
        return utf8(bytes).orElseGet(() -> base64(bytes));
    }

    private static Optional<String> utf8(byte[] bytes) {
        try {
            return Optional.of(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }
}
