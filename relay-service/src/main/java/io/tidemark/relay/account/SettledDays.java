// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.account;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.LocalDate;
import java.util.Collections;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What an audit has settled for each day: the difference between the table's rows and the rows that the relay had
 * counted. Every row of the table was found by the audit or given up by a person. Negative when the relay has counted
 * more. {@code tidemark audit} writes it to a separate key; the relay never writes that key.
 *
 * @param releases days for which a person has given up what was missing
 */
public record SettledDays(NavigableMap<LocalDate, DayDigest> differences, Set<LocalDate> releases) {

    private static final ObjectMapper JSON = new ObjectMapper();

    public static final SettledDays NONE = new SettledDays(new TreeMap<>(), Set.of());

    public SettledDays {
        differences = Collections.unmodifiableNavigableMap(new TreeMap<>(differences));
        releases = Set.copyOf(releases);
    }

    /** The key of its record. */
    public static String key(String sourceId) {
        return sourceId + "/audit-settled";
    }

    /** The difference to add to what the relay has counted. */
    public DayDigest of(LocalDate day) {
        return differences.getOrDefault(day, DayDigest.NONE);
    }

    public SettledDays with(LocalDate day, DayDigest difference) {
        TreeMap<LocalDate, DayDigest> all = new TreeMap<>(differences);
        if (difference.isNone()) {
            all.remove(day);
        } else {
            all.put(day, difference);
        }
        return new SettledDays(all, releases);
    }

    /** The same, with one more day for which a person has given up what was missing. */
    public SettledDays released(LocalDate day) {
        Set<LocalDate> all = new TreeSet<>(releases);
        all.add(day);
        return new SettledDays(differences, all);
    }

    public boolean isReleased(LocalDate day) {
        return releases.contains(day);
    }

    public byte[] toJson() {
        ObjectNode json = JSON.createObjectNode().put("algorithm", IdHash.ALGORITHM);
        ObjectNode object = json.putObject("differences");
        differences.forEach((day, digest) -> digest.writeTo(object.putObject(day.toString())));
        ArrayNode array = json.putArray("releases");
        new TreeSet<>(releases).forEach(day -> array.add(day.toString()));
        try {
            return JSON.writeValueAsBytes(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of strings and numbers can be written", e);
        }
    }

    /** @throws IllegalArgumentException when the bytes are not as {@link #toJson} writes them */
    public static SettledDays fromJson(byte[] bytes) {
        try {
            JsonNode json = JSON.readTree(bytes);
            AuditRecord.requireAlgorithm(json);
            Set<LocalDate> releases = new TreeSet<>();
            json.required("releases").forEach(day -> releases.add(LocalDate.parse(day.asText())));
            return new SettledDays(AuditRecord.readDays(json.required("differences")), releases);
        } catch (IOException | RuntimeException e) {
            throw new IllegalArgumentException("the record of settled days cannot be read: " + e.getMessage(), e);
        }
    }
}
