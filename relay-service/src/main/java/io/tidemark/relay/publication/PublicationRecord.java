// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publication;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.OwnTopics;
import java.io.IOException;

/**
 * The state that a source's events were published with. Stored in {@code tidemark.positions} beside the position, and
 * written in the same Kafka transactions.
 *
 * @param confirmed when it was written, everything committed at or below it was known to have come through the stream
 */
public record PublicationRecord(PublicationState state, Lsn confirmed) {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** The key of its record. */
    public static String key(String sourceId) {
        return sourceId + "/publication";
    }

    public byte[] toJson() {
        try {
            return JSON.writeValueAsBytes(JSON.createObjectNode()
                    .put("slot", state.slot())
                    .put("table", state.table())
                    .put("publicationName", state.publicationName())
                    .put("publication", state.publication())
                    .put("relations", state.relations())
                    .put("schemas", state.schemas())
                    .put("root", state.root())
                    .put("confirmed", confirmed.toString()));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of strings can be written", e);
        }
    }

    /** @throws IllegalArgumentException when the bytes are not as {@link #toJson} writes them */
    public static PublicationRecord fromJson(byte[] bytes) {
        try {
            JsonNode json = JSON.readTree(bytes);
            return new PublicationRecord(
                    new PublicationState(
                            text(json, "slot"),
                            text(json, "table"),
                            text(json, "publicationName"),
                            text(json, "publication"),
                            text(json, "relations"),
                            text(json, "schemas"),
                            text(json, "root")),
                    Lsn.parse(text(json, "confirmed")));
        } catch (IOException | RuntimeException e) {
            throw new IllegalArgumentException(
                    "a record of " + OwnTopics.POSITIONS + " is not a publication: " + e.getMessage(), e);
        }
    }

    private static String text(JsonNode json, String name) {
        JsonNode value = json.required(name);
        if (!value.isTextual()) {
            throw new IllegalArgumentException(name + " is not a text");
        }
        return value.textValue();
    }
}
