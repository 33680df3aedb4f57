// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.position;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.OwnTopics;
import java.io.IOException;

/**
 * How far the rows older than a slot are in Kafka. Stored in {@code tidemark.positions} beside the position, and
 * written in the same Kafka transaction as their events.
 *
 * @param slot the slot's name
 * @param slotBegan distinguishes the slot from earlier slots of that name
 * @param replayId contained in the header of each event
 * @param upTo every row whose number in {@code outbox.backlog} is at most this is done
 * @param published how many are in their topics
 * @param deadLetters how many are dead letters
 * @param gone how many had already been deleted from the outbox
 */
public record BacklogProgress(
        String slot, Lsn slotBegan, String replayId, long upTo, long published, long deadLetters, long gone) {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** The key of its record. */
    public static String key(String sourceId) {
        return sourceId + "/backlog";
    }

    /** The progress before the first row. */
    public static BacklogProgress begin(String slot, Lsn slotBegan, String replayId) {
        return new BacklogProgress(slot, slotBegan, replayId, 0, 0, 0, 0);
    }

    /** The progress after some more rows. */
    public BacklogProgress advance(long newUpTo, long morePublished, long moreDeadLetters, long moreGone) {
        return new BacklogProgress(
                slot,
                slotBegan,
                replayId,
                newUpTo,
                published + morePublished,
                deadLetters + moreDeadLetters,
                gone + moreGone);
    }

    public byte[] toJson() {
        try {
            return JSON.writeValueAsBytes(JSON.createObjectNode()
                    .put("slot", slot)
                    .put("slotBegan", slotBegan.toString())
                    .put("replayId", replayId)
                    .put("upTo", upTo)
                    .put("published", published)
                    .put("deadLetters", deadLetters)
                    .put("gone", gone));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of strings and numbers can be written", e);
        }
    }

    /** @throws IllegalArgumentException when the bytes are not as {@link #toJson} writes them */
    public static BacklogProgress fromJson(byte[] bytes) {
        try {
            JsonNode json = JSON.readTree(bytes);
            return new BacklogProgress(
                    text(json, "slot"),
                    Lsn.parse(text(json, "slotBegan")),
                    text(json, "replayId"),
                    number(json, "upTo"),
                    number(json, "published"),
                    number(json, "deadLetters"),
                    number(json, "gone"));
        } catch (IOException | RuntimeException e) {
            throw new IllegalArgumentException(
                    "a record of " + OwnTopics.POSITIONS + " is not the progress of old rows: " + e.getMessage(), e);
        }
    }

    private static String text(JsonNode json, String name) {
        JsonNode value = json.required(name);
        if (!value.isTextual()) {
            throw new IllegalArgumentException(name + " is not a text");
        }
        return value.textValue();
    }

    /** Strict, because Jackson reads everything that is not a number as 0, and 0 means that nothing is done. */
    private static long number(JsonNode json, String name) {
        JsonNode value = json.required(name);
        if (!value.isIntegralNumber() || !value.canConvertToLong()) {
            throw new IllegalArgumentException(name + " is not a whole number");
        }
        return value.longValue();
    }
}
