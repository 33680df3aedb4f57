package io.tidemark.relay.cli;

import com.fasterxml.jackson.databind.JsonNode;

/** What a relay explains about a token, for people. */
final class ExplanationText {

    private ExplanationText() {}

    static String of(JsonNode explanation) {
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
        String published = "published is up to " + explanation.path("published").asText();
        return switch (stage) {
            case "published" ->
                explanation.path("publishedAt").isTextual()
                        ? "published by " + explanation.path("publishedAt").asText()
                        : "published; when is not known any more";
            case "captured" -> "captured: read from the WAL, not in Kafka yet; " + published;
            case "written" ->
                "written: in the WAL, which ends at "
                        + explanation.path("walHead").asText() + ", not captured yet; " + published;
            case "ahead" -> "ahead: beyond the database's WAL; no write of this database has made it";
            case "diverged" -> "diverged: its write was lost in a failover of the database";
            case "foreign" -> "foreign: of a source that this relay does not serve";
            case "expired" -> "expired: the history it belongs to is gone";
            default ->
                stage
                        + (explanation.has("databaseError")
                                ? ": " + explanation.path("databaseError").asText()
                                : ": it cannot be judged");
        };
    }
}
