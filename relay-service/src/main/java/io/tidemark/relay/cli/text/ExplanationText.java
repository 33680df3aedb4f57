// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli.text;

import com.fasterxml.jackson.databind.JsonNode;

/** A relay's explanation of a token, or of an event, for people. */
public final class ExplanationText {

    private ExplanationText() {}

    public static String of(JsonNode explanation) {
        return explanation.has("id") ? event(explanation) : token(explanation);
    }

    private static String event(JsonNode event) {
        TextTable lines = new TextTable();
        lines.row("event", event.path("id").asText());
        JsonNode row = event.path("row");
        lines.row(
                "row",
                row.isObject()
                        ? row.path("aggregateType").asText() + " "
                                + row.path("aggregateId").asText() + ", "
                                + row.path("type").asText() + ", created "
                                + row.path("createdAt").asText()
                        : "none: deleted by cleanup, or never existed");
        String stage = event.path("stage").asText();
        lines.row(
                "stage",
                stage
                        + (event.path("publishedAt").isTextual()
                                ? " by " + event.path("publishedAt").asText()
                                : "")
                        + (event.has("reason") ? ": " + event.path("reason").asText() : ""));
        JsonNode record = event.path("record");
        if (record.isObject()) {
            lines.row(
                    "record",
                    record.path("topic").asText() + "-"
                            + record.path("partition").asText() + ", offset "
                            + record.path("offset").asText()
                            + (record.has("position")
                                    ? ", position " + record.path("position").asText()
                                    : ""));
        }
        JsonNode letter = event.path("deadLetter");
        if (letter.isObject()) {
            lines.row("dead letter", letter.path("reason").asText());
        }
        if (event.has("token")) {
            lines.row("token", event.path("token").asText());
        }
        for (JsonNode projection : event.path("projections")) {
            lines.row(
                    projection.path("projection").asText(),
                    projection.path("consumed").asBoolean()
                            ? "has consumed it"
                            : "has not consumed it yet" + AnswerText.behind(projection.path("partitions")));
        }
        return lines.toString().stripTrailing();
    }

    private static String token(JsonNode explanation) {
        TextTable lines = new TextTable();
        lines.row("token", explanation.path("token").asText());
        for (JsonNode part : explanation.path("parts")) {
            lines.row(
                    "source",
                    part.path("source").asText() + ", timeline "
                            + part.path("timeline").asText() + ", LSN "
                            + part.path("lsn").asText());
        }
        lines.row("stage", stage(explanation));
        for (JsonNode projection : explanation.path("projections")) {
            lines.row(projection.path("projection").asText(), AnswerText.line(projection));
        }
        return lines.toString().stripTrailing();
    }

    private static String stage(JsonNode explanation) {
        String stage = explanation.path("stage").asText();
        String published = "published up to " + explanation.path("published").asText();
        return switch (stage) {
            case "published" ->
                explanation.path("publishedAt").isTextual()
                        ? "published by " + explanation.path("publishedAt").asText()
                        : "published; the time is not known any more";
            case "captured" -> "captured: read from the WAL, not in Kafka yet; " + published;
            case "written" ->
                "written: in the WAL, which ends at "
                        + explanation.path("walHead").asText() + ", not captured yet; " + published;
            case "ahead" -> "ahead: beyond the database's WAL; no write of this database created it";
            case "diverged" -> "diverged: its write was lost in a failover of the database";
            case "foreign" -> "foreign: from a source that this relay does not serve";
            case "expired" -> "expired: the history that it belongs to no longer exists";
            default ->
                stage
                        + (explanation.has("databaseError")
                                ? ": " + explanation.path("databaseError").asText()
                                : ": it cannot be judged");
        };
    }
}
