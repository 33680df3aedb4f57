// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.account;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Collections;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The rows of each day (UTC, by {@code created_at}) that came through the stream and are in Kafka, as events or as dead
 * letters. Stored in {@code tidemark.positions} beside the position, and written in its transactions.
 *
 * @param since when the counting began; rows that were published before are in no digest
 */
public record AuditRecord(Instant since, NavigableMap<LocalDate, DayDigest> days) {

    private static final ObjectMapper JSON = new ObjectMapper();

    public AuditRecord {
        days = Collections.unmodifiableNavigableMap(new TreeMap<>(days));
    }

    /** The key of its record. */
    public static String key(String sourceId) {
        return sourceId + "/audit";
    }

    public static AuditRecord beginning(Instant now) {
        return new AuditRecord(now, new TreeMap<>());
    }

    public DayDigest of(LocalDate day) {
        return days.getOrDefault(day, DayDigest.NONE);
    }

    /**
     * This record with the day that the position carries, which is written more often than the record.
     *
     * @param carried of the last position that was read; empty when the position carries none
     */
    public AuditRecord with(Optional<CarriedDay> carried) {
        if (carried.isEmpty()) {
            return this;
        }
        TreeMap<LocalDate, DayDigest> all = new TreeMap<>(days);
        all.put(carried.get().day(), carried.get().digest());
        return new AuditRecord(since, all);
    }

    public byte[] toJson() {
        ObjectNode json =
                JSON.createObjectNode().put("algorithm", IdHash.ALGORITHM).put("since", since.toString());
        ObjectNode object = json.putObject("days");
        days.forEach((day, digest) -> digest.writeTo(object.putObject(day.toString())));
        try {
            return JSON.writeValueAsBytes(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of strings and numbers can be written", e);
        }
    }

    /** @throws IllegalArgumentException when the bytes are not as {@link #toJson} writes them */
    public static AuditRecord fromJson(byte[] bytes) {
        try {
            JsonNode json = JSON.readTree(bytes);
            requireAlgorithm(json);
            return new AuditRecord(Instant.parse(json.required("since").textValue()), readDays(json.required("days")));
        } catch (IOException | RuntimeException e) {
            throw new IllegalArgumentException("the record of the audit cannot be read: " + e.getMessage(), e);
        }
    }

    static NavigableMap<LocalDate, DayDigest> readDays(JsonNode object) {
        TreeMap<LocalDate, DayDigest> days = new TreeMap<>();
        object.properties().forEach(day -> days.put(LocalDate.parse(day.getKey()), DayDigest.readFrom(day.getValue())));
        return days;
    }

    static void requireAlgorithm(JsonNode json) {
        String algorithm = json.required("algorithm").asText();
        if (!algorithm.equals(IdHash.ALGORITHM)) {
            throw new IllegalArgumentException(
                    "its algorithm is " + algorithm + ", and this version has " + IdHash.ALGORITHM);
        }
    }
}
