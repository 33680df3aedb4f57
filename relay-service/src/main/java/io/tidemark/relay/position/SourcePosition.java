// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.position;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.account.CarriedDay;
import io.tidemark.relay.source.SourceIdentity;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;

/**
 * The resume point of one source as recorded in {@code tidemark.positions}, written in the same Kafka transaction as
 * the events up to it.
 *
 * @param source the database the LSN belongs to
 * @param resumePoint everything up to it is in Kafka
 * @param lastEvent no published event has a higher commit LSN: between it and the resume point there is only progress
 * @param owner the process that wrote it, for people
 * @param time when it was written, for people
 * @param adoptions where a person has chosen the point at which the source continues
 * @param carried more recent than the audit record's entry for that day; empty for a table that is not ours
 */
public record SourcePosition(
        SourceIdentity source,
        ResumePoint resumePoint,
        Lsn lastEvent,
        String owner,
        Instant time,
        Adoptions adoptions,
        Optional<CarriedDay> carried) {

    private static final ObjectMapper JSON = new ObjectMapper();

    public SourcePosition {
        if (lastEvent.isAfter(resumePoint.lsn()) || (resumePoint.isPartial() && !lastEvent.equals(resumePoint.lsn()))) {
            throw new IllegalArgumentException("a last event at " + lastEvent + " does not fit " + resumePoint.lsn());
        }
    }

    /** A position for which there may be events up to the resume point, as far as is known. */
    public SourcePosition(
            SourceIdentity source,
            ResumePoint resumePoint,
            String owner,
            Instant time,
            Adoptions adoptions,
            Optional<CarriedDay> carried) {
        this(source, resumePoint, resumePoint.lsn(), owner, time, adoptions, carried);
    }

    /** The position of a source that was never adopted. */
    public SourcePosition(SourceIdentity source, ResumePoint resumePoint, String owner, Instant time) {
        this(source, resumePoint, owner, time, Adoptions.NONE, Optional.empty());
    }

    public byte[] toJson() {
        ObjectNode json = JSON.createObjectNode()
                .put("source", source.sourceId())
                .put("systemIdentifier", source.systemIdentifier())
                .put("database", source.database())
                .put("timeline", source.timeline())
                .put("commitLsn", resumePoint.lsn().toString());
        if (resumePoint.isPartial()) {
            json.put("ordinal", resumePoint.partialOrdinal())
                    .put("completeLsn", resumePoint.complete().toString());
        }
        if (resumePoint.isAdopted()) { // the LSN did not come off the stream: no record need end there
            json.put("adopted", true);
        }
        if (!lastEvent.equals(resumePoint.lsn())) {
            json.put("lastEventLsn", lastEvent.toString());
        }
        adoptions.writeTo(json);
        carried.ifPresent(day -> day.writeTo(json));
        json.put("owner", owner).put("time", time.toString());
        try {
            return JSON.writeValueAsBytes(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of strings and numbers can be written", e);
        }
    }

    /** @throws IllegalArgumentException when the bytes are not as {@link #toJson} writes them */
    public static SourcePosition fromJson(byte[] bytes) {
        try {
            JsonNode json = JSON.readTree(bytes);
            Lsn lsn = Lsn.parse(text(json, "commitLsn"));
            return new SourcePosition(
                    new SourceIdentity(
                            text(json, "source"),
                            text(json, "systemIdentifier"),
                            text(json, "database"),
                            number(json, "timeline")),
                    resumePoint(json, lsn),
                    json.has("lastEventLsn") ? Lsn.parse(text(json, "lastEventLsn")) : lsn,
                    text(json, "owner"),
                    Instant.parse(text(json, "time")),
                    Adoptions.readFrom(json),
                    CarriedDay.readFrom(json));
        } catch (IOException | RuntimeException e) {
            throw new IllegalArgumentException(
                    "a record of " + OwnTopics.POSITIONS + " is not a position: " + e.getMessage(), e);
        }
    }

    private static ResumePoint resumePoint(JsonNode json, Lsn lsn) {
        boolean adopted = json.has("adopted") && isTrue(json, "adopted");
        if (json.has("ordinal")) {
            if (adopted) {
                throw new IllegalArgumentException("a part of a transaction was never adopted");
            }
            return ResumePoint.inside(lsn, number(json, "ordinal"), Lsn.parse(text(json, "completeLsn")));
        }
        return adopted ? ResumePoint.adopted(lsn) : ResumePoint.after(lsn);
    }

    private static boolean isTrue(JsonNode json, String name) {
        JsonNode value = json.required(name);
        if (!value.isBoolean()) {
            throw new IllegalArgumentException(name + " is neither true nor false");
        }
        return value.booleanValue();
    }

    private static String text(JsonNode json, String name) {
        JsonNode value = json.required(name);
        if (!value.isTextual()) {
            throw new IllegalArgumentException(name + " is not a text");
        }
        return value.textValue();
    }

    /** Strict, because Jackson reads everything that is not a number as 0, and 0 is an ordinal. */
    private static int number(JsonNode json, String name) {
        JsonNode value = json.required(name);
        if (!value.isInt()) {
            throw new IllegalArgumentException(name + " is not a whole number");
        }
        return value.intValue();
    }
}
