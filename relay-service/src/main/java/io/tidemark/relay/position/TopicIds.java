// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.position;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.outbox.OwnTopics;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

/**
 * The topics that hold events of a source, each with Kafka's id of it (KIP-516). A topic that was deleted and made
 * again has its old name but another id. Stored in {@code tidemark.positions} beside the position.
 *
 * @param ids topic to id
 */
public record TopicIds(Map<String, String> ids) {

    private static final ObjectMapper JSON = new ObjectMapper();

    public TopicIds {
        ids = Map.copyOf(ids);
    }

    /** The key of its record. */
    public static String key(String sourceId) {
        return sourceId + "/topics";
    }

    public byte[] toJson() {
        try {
            return JSON.writeValueAsBytes(new TreeMap<>(ids));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a map of strings can be written", e);
        }
    }

    /** @throws IllegalArgumentException when the bytes are not as {@link #toJson} writes them */
    public static TopicIds fromJson(byte[] bytes) {
        try {
            return new TopicIds(JSON.readValue(bytes, new TypeReference<TreeMap<String, String>>() {}));
        } catch (IOException | RuntimeException e) {
            throw new IllegalArgumentException(
                    "a record of " + OwnTopics.POSITIONS + " is not a list of topic ids: " + e.getMessage(), e);
        }
    }
}
