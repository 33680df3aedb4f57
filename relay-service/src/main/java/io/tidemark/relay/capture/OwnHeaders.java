// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tidemark.outbox.EventHeaders;
import java.io.IOException;
import java.io.StringWriter;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An event's own headers. No constraint ensures that they are an object of strings without reserved names. */
public final class OwnHeaders {

    private static final JsonFactory JSON = new JsonFactory();

    private OwnHeaders() {}

    /** What is wrong with the headers, worded to follow a name; null when they are valid. */
    public static @Nullable String whyNot(String text) {
        try (JsonParser parser = JSON.createParser(text)) {
            String wrong = whyNot(parser, parser.nextToken());
            return wrong == null && parser.nextToken() != null ? "have text after their end" : wrong;
        } catch (IOException e) {
            return "are not JSON";
        }
    }

    /** @param headers a valid object, or null for none */
    static String join(@Nullable String headers, Map<String, String> more) {
        StringWriter joined = new StringWriter();
        try (JsonGenerator generator = JSON.createGenerator(joined)) {
            generator.writeStartObject();
            if (headers != null) {
                JsonParser parser = JSON.createParser(headers);
                parser.nextToken();
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    generator.copyCurrentStructure(parser);
                }
            }
            for (Map.Entry<String, String> header : more.entrySet()) {
                generator.writeStringField(header.getKey(), header.getValue());
            }
            generator.writeEndObject();
        } catch (IOException e) {
            throw new IllegalStateException("headers that were looked at are not an object", e);
        }
        return joined.toString();
    }

    /**
     * Checks the rest of the object.
     *
     * @param start the parser's current token
     */
    static @Nullable String whyNot(JsonParser parser, @Nullable JsonToken start) throws IOException {
        if (start != JsonToken.START_OBJECT) {
            return "are not an object";
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            if (name.isEmpty()) {
                return "have one without a name";
            }
            if (EventHeaders.isReserved(name)) {
                return "have '" + name + "', which is reserved";
            }
            if (parser.nextToken() != JsonToken.VALUE_STRING) {
                return "have '" + name + "', which is not a text";
            }
            if (hasHalfCharacter(name) || hasHalfCharacter(parser.getText())) { // decodes, and rejects invalid UTF-8
                return "have '" + name + "' with half a surrogate pair, which UTF-8 does not have";
            }
        }
        return parser.currentToken() == JsonToken.END_OBJECT ? null : "have no end";
    }

    /** JSON can name half of a surrogate pair by its number. Encoding it would silently produce another character. */
    public static boolean hasHalfCharacter(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                if (i + 1 == text.length() || !Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1))) {
                    return true;
                }
                i++;
            }
        }
        return false;
    }
}
