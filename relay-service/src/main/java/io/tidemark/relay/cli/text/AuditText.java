// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli.text;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.relay.audit.AuditReport;
import io.tidemark.relay.audit.AuditReport.Finding;
import java.util.Locale;

/** An audit for people and for scripts. */
public final class AuditText {

    /** A longer list is printed only as JSON. */
    private static final int MOST_LINES = 100;

    private AuditText() {}

    public static ObjectNode json(AuditReport report) {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("rows", report.rowCount())
                .put("expired", report.expired())
                .put("findings", report.total());
        ArrayNode days = json.putArray("days");
        report.rows()
                .forEach((day, rows) -> (day.equals(AuditReport.NO_DAY)
                                ? days.addObject()
                                : days.addObject().put("day", day.toString()))
                        .put("rows", rows));
        ArrayNode settled = json.putArray("settled");
        report.settled().forEach(day -> settled.add(day.toString()));
        ArrayNode list = json.putArray("list");
        for (Finding finding : report.findings()) {
            ObjectNode one = list.addObject().put("kind", word(finding)).put("id", finding.id());
            if (finding.createdAt() != null) {
                one.put("createdAt", finding.createdAt().toString());
            }
            one.put("cause", finding.cause());
        }
        return json;
    }

    public static String text(AuditReport report) {
        StringBuilder text = new StringBuilder();
        text.append(report.rowCount())
                .append(report.isOwn() ? " rows of " + report.rows().size() + " days" : " rows")
                .append(" were compared with Kafka\n");
        if (!report.isOwn()) {
            text.append("rows that are no longer in the table were not: nothing is known about them\n");
        }
        if (report.expired() > 0) {
            text.append(report.expired())
                    .append(" of them were published or given up, and are not in Kafka (any more)\n");
        }
        report.settled().forEach(day -> text.append("settled ").append(day).append('\n'));
        report.findings().stream()
                .limit(MOST_LINES)
                .forEach(finding -> text.append("FINDING  ")
                        .append(word(finding))
                        .append("  ")
                        .append(finding.id())
                        .append("  ")
                        .append(finding.createdAt() == null ? "" : finding.createdAt() + "  ")
                        .append(finding.cause())
                        .append('\n'));
        if (report.total() > MOST_LINES) {
            text.append("         and ")
                    .append(report.total() - MOST_LINES)
                    .append(" more; --json lists up to 100000\n");
        }
        if (report.isClean()) {
            text.append("every row is accounted for");
        } else if (!report.isOwn() && !report.missing().isEmpty()) {
            text.append("to publish a missing row of your own table, insert its event again, with a new id");
        } else if (!report.missing().isEmpty()) {
            text.append("to publish the missing rows: tidemark replay CONFIG --unaccounted --yes\n")
                    .append("to give up the missing rows of a day: tidemark audit CONFIG --release DAY");
        }
        return text.toString().stripTrailing();
    }

    private static String word(Finding finding) {
        return finding.kind().name().toLowerCase(Locale.ROOT);
    }
}
