// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.outbox.Lsn;
import io.tidemark.relay.client.RelayStatus;
import io.tidemark.relay.client.RelayStatus.Replica;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The status of a relay for people and for scripts. */
public final class StatusText {

    private static final String UNKNOWN = "-";

    private StatusText() {}

    /** The relays' answers, unchanged. */
    public static ObjectNode json(RelayStatus status, List<String> findings) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        ArrayNode replicas = json.putArray("replicas");
        for (Replica replica : status.replicas()) {
            ObjectNode entry = replicas.addObject().put("url", replica.url().toString());
            replica.source()
                    .ifPresentOrElse(
                            source -> entry.set("source", source),
                            () -> entry.put("error", replica.reply().reason()));
        }
        json.putArray("projections").addAll(status.projections());
        if (!status.projectionsProblem().isEmpty()) {
            json.put("projectionsError", status.projectionsProblem());
        }
        ArrayNode found = json.putArray("findings");
        findings.forEach(found::add);
        return json;
    }

    /** Replicas, slot, projections and findings. */
    public static String table(RelayStatus status, List<String> findings) {
        StringBuilder text = new StringBuilder();
        TextTable replicas = new TextTable().row("RELAY", "ROLE", "STATE", "SINCE", "PUBLISHED", "REASON");
        status.replicas().forEach(replica -> addReplica(replicas, replica));
        text.append(replicas);
        best(status).ifPresent(source -> text.append('\n').append(sourceLines(source)));
        text.append('\n');
        if (!status.projectionsProblem().isEmpty()) {
            text.append("projections are not known: ")
                    .append(status.projectionsProblem())
                    .append('\n');
        } else if (status.projections().isEmpty()) {
            text.append("no projections are configured\n");
        } else {
            TextTable projections =
                    new TextTable().row("PROJECTION", "STATE", "FOR", "LAG", "WATERMARK", "MEMBERS", "REASON");
            status.projections().forEach(projection -> addProjection(projections, projection));
            text.append(projections);
        }
        findings.forEach(finding -> text.append("FINDING  ").append(finding).append('\n'));
        return text.toString().stripTrailing();
    }

    private static void addReplica(TextTable table, Replica replica) {
        String url = replica.url().toString();
        replica.source()
                .ifPresentOrElse(
                        source -> table.row(
                                url,
                                source.path("role").asText(),
                                source.path("state").asText(),
                                source.path("since").asText().replaceFirst("\\.[0-9]+", ""),
                                source.path("published").asText(),
                                source.path("reason").asText("")),
                        () -> table.row(
                                url,
                                UNKNOWN,
                                "away",
                                UNKNOWN,
                                UNKNOWN,
                                replica.reply().reason()));
    }

    /** The answer of the active replica, which knows most; otherwise of any replica that reaches the database. */
    private static Optional<JsonNode> best(RelayStatus status) {
        Optional<JsonNode> active =
                status.replicas().stream().filter(Replica::isActive).findFirst().flatMap(Replica::source);
        return active.or(() -> status.replicas().stream()
                .flatMap(replica -> replica.source().stream())
                .findFirst());
    }

    private static String sourceLines(JsonNode source) {
        TextTable lines = new TextTable();
        if (source.has("source")) {
            lines.row(
                    "source",
                    source.path("source").asText() + ", database "
                            + source.path("database").asText() + ", timeline "
                            + source.path("timeline").asText());
        }
        if (source.path("walHead").isTextual()) {
            lines.row(
                    "wal",
                    "head " + source.path("walHead").asText()
                            + (hasPublished(source)
                                    ? ", " + distance(source, "walHead", source.path("published"))
                                            + " not published yet"
                                    : ""));
        } else {
            lines.row("wal", "unknown: " + source.path("databaseError").asText());
        }
        lines.row("slot", slot(source));
        return lines.toString();
    }

    /** A standby says only what it has published itself, if it ever was the active one. */
    private static boolean hasPublished(JsonNode source) {
        return source.path("role").asText().equals("active")
                || source.path("state").asText().equals("halted");
    }

    private static String slot(JsonNode source) {
        JsonNode slot = source.path("slot");
        String name = slot.path("name").asText();
        if (!slot.has("exists")) {
            return name + ": unknown";
        }
        if (!slot.path("exists").asBoolean()) {
            return name + ": does not exist";
        }
        return name + ": " + slot.path("walStatus").asText() + ", "
                + (slot.path("active").asBoolean() ? "in use" : "not in use") + ", confirmed "
                + slot.path("confirmed").asText() + ", holds back "
                + distance(source, "walHead", slot.path("confirmed")) + " of WAL";
    }

    private static String distance(JsonNode source, String head, JsonNode behind) {
        Lsn end = Lsn.parse(source.path(head).asText());
        Lsn start = Lsn.parse(behind.asText());
        return bytes(end.isAfter(start) ? end.value() - start.value() : 0);
    }

    private static void addProjection(TextTable table, JsonNode projection) {
        table.row(
                projection.path("projection").asText(),
                projection.path("state").asText(),
                projection.path("stateSeconds").asLong() + " s",
                projection.path("lagRecords").asLong() + " records, "
                        + bytes(projection.path("lagBytes").asLong()) + ", "
                        + (projection.has("lagSeconds")
                                ? String.format(
                                        Locale.ROOT,
                                        "%.1f s",
                                        projection.path("lagSeconds").asDouble())
                                : "age not known"),
                projection.path("watermark").asText(),
                projection.path("members").asText(UNKNOWN),
                projection.path("reason").asText(""));
    }

    /** Uses the unit that leaves up to four digits. */
    static String bytes(long bytes) {
        String[] units = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
        double value = bytes;
        int unit = 0;
        while (value >= 10_000 && unit < units.length - 1) {
            value /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, "%.0f %s", value, units[unit]);
    }
}
