// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.index;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.position.ResumePoint;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.TopicPartition;

/**
 * What one committed Kafka transaction did, as recorded in {@code tidemark.index}: its resume points before and after,
 * and what it added to each partition. Each entry begins where its predecessor ended, so a reader detects missing
 * entries. An entry that goes nowhere opens a run; it is written once the run's stream has passed its resume point.
 *
 * @param timeline of the database
 * @param run the writer: {@code <relay>/<database session that holds the lock>}
 * @param adoptions as in the position: entries with fewer are about offsets and LSNs that were given up
 * @param from where the source stood before
 * @param to where the source stands afterwards
 * @param epochMillis when it was committed, by the writer's clock; for people
 * @param additions by partition, each list ascending
 */
public record IndexEntry(
        int timeline,
        String run,
        int adoptions,
        ResumePoint from,
        ResumePoint to,
        long epochMillis,
        Map<TopicPartition, List<Addition>> additions) {

    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * Events in one partition.
     *
     * @param firstLsn the lowest commit LSN among them
     * @param endOffset the offset after the last of them
     */
    public record Addition(Lsn firstLsn, long endOffset) {}

    public IndexEntry {
        if (!run.contains("/")) {
            throw new IllegalArgumentException("run '" + run + "' does not name relay and session");
        }
    }

    /** The entry that opens a run: earlier runs published everything up to {@code at}. */
    public static IndexEntry opening(int timeline, String run, int adoptions, ResumePoint at, long epochMillis) {
        return new IndexEntry(timeline, run, adoptions, at, at, epochMillis, Map.of());
    }

    public boolean isOpening() {
        return from.isSamePlaceAs(to);
    }

    /** The highest commit LSN that it may be about. */
    public Lsn upTo() {
        return to.lsn();
    }

    /** The database session that held the lock. */
    public String session() {
        return run.substring(run.indexOf('/') + 1);
    }

    public byte[] toJson() {
        ObjectNode json = JSON.createObjectNode().put("timeline", timeline).put("run", run);
        json.put("adoptions", adoptions);
        json.set("from", toJson(from));
        json.set("to", toJson(to));
        json.put("epochMillis", epochMillis);
        Map<String, ArrayNode> topics = new TreeMap<>();
        additions.entrySet().stream()
                .sorted(Comparator.comparingInt(entry -> entry.getKey().partition()))
                .forEach(entry -> entry.getValue()
                        .forEach(addition -> topics.computeIfAbsent(
                                        entry.getKey().topic(), topic -> JSON.createArrayNode())
                                .addArray()
                                .add(entry.getKey().partition())
                                .add(addition.firstLsn().toString())
                                .add(addition.endOffset())));
        ObjectNode added = json.putObject("added");
        topics.forEach(added::set);
        try {
            return JSON.writeValueAsBytes(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of strings and numbers can be written", e);
        }
    }

    private static ArrayNode toJson(ResumePoint point) {
        ArrayNode json = JSON.createArrayNode().add(point.lsn().toString());
        if (point.isPartial()) {
            json.add(point.partialOrdinal()).add(point.complete().toString());
        }
        return json;
    }

    /** @throws IllegalArgumentException when the bytes are not as {@link #toJson} writes them */
    public static IndexEntry fromJson(byte[] bytes) {
        try {
            JsonNode json = JSON.readTree(bytes);
            Map<TopicPartition, List<Addition>> additions = new HashMap<>();
            for (Map.Entry<String, JsonNode> topic : json.required("added").properties()) {
                for (JsonNode added : topic.getValue()) {
                    TopicPartition partition =
                            new TopicPartition(topic.getKey(), added.required(0).intValue());
                    additions
                            .computeIfAbsent(partition, p -> new ArrayList<>())
                            .add(new Addition(
                                    Lsn.parse(added.required(1).textValue()),
                                    added.required(2).longValue()));
                }
            }
            return new IndexEntry(
                    json.required("timeline").intValue(),
                    json.required("run").textValue(),
                    json.required("adoptions").intValue(),
                    pointFromJson(json.required("from")),
                    pointFromJson(json.required("to")),
                    json.required("epochMillis").longValue(),
                    additions);
        } catch (IOException | RuntimeException e) {
            throw new IllegalArgumentException(
                    "a record of " + OwnTopics.INDEX + " is not an entry: " + e.getMessage(), e);
        }
    }

    private static ResumePoint pointFromJson(JsonNode json) {
        Lsn lsn = Lsn.parse(json.required(0).textValue());
        return json.size() == 1
                ? ResumePoint.after(lsn)
                : ResumePoint.inside(
                        lsn,
                        json.required(1).intValue(),
                        Lsn.parse(json.required(2).textValue()));
    }
}
