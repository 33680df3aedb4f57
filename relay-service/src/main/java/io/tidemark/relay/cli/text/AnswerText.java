// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** A relay's answer about one projection, in a line for people. */
public final class AnswerText {

    private static final int MOST_PARTITIONS = 5;

    private AnswerText() {}

    public static String line(JsonNode answer) {
        String projection = answer.path("projection").asText();
        String status = answer.path("status").asText();
        String rest = switch (status) {
            case "success" -> projection + " has consumed everything that the token covers";
            case "timeout" ->
                answer.path("phase").asText().equals("source")
                        ? "not published yet; published up to "
                                + answer.path("published").asText()
                        : projection + " has not consumed it yet" + behind(answer.path("behind"));
            case "ahead" ->
                "the token is beyond the database's WAL; discard it. Published up to "
                        + answer.path("published").asText();
            default -> answer.path("reason").asText() + behind(answer.path("behind"));
        };
        return status + ": " + rest
                + (answer.has("waitedMillis")
                        ? " (" + answer.path("waitedMillis").asLong() + " ms)"
                        : "");
    }

    static String behind(JsonNode behind) {
        List<String> partitions = new ArrayList<>();
        for (JsonNode partition : behind) {
            if (partitions.size() == MOST_PARTITIONS) {
                partitions.add("and " + (behind.size() - MOST_PARTITIONS) + " more");
                break;
            }
            partitions.add(partition.path("topic").asText() + "-"
                    + partition.path("partition").asInt() + " needs offset "
                    + partition.path("need").asLong() + " and has "
                    + partition.path("have").asLong()
                    + (partition.has("note") ? " (" + partition.path("note").asText() + ")" : ""));
        }
        return partitions.isEmpty() ? "" : "; " + String.join(", ", partitions);
    }
}
