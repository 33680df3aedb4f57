package io.tidemark.consumers.internal.relay;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemark.consumers.CombinedAnswer;
import io.tidemark.consumers.WatermarkAnswer;
import io.tidemark.consumers.WatermarkAnswer.Behind;
import io.tidemark.outbox.WatermarkStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads a relay's JSON into answers. A status that this library does not know is never a success. Stateless. */
final class AnswerReader {

    private AnswerReader() {}

    static WatermarkAnswer answer(JsonNode json) {
        String text = json.path("status").asText();
        Optional<WatermarkStatus> status = WatermarkStatus.parse(text);
        return new WatermarkAnswer(
                json.path("projection").asText(),
                status.orElse(WatermarkStatus.UNKNOWN),
                json.path("phase").asText(),
                status.isEmpty()
                        ? "the relay says '" + text + "', which this library does not know"
                        : json.path("reason").asText(),
                json.path("waitedMillis").asLong(),
                behind(json.path("behind")));
    }

    static CombinedAnswer combined(JsonNode json) {
        List<WatermarkAnswer> answers = new ArrayList<>();
        json.path("projections").forEach(projection -> answers.add(answer(projection)));
        return new CombinedAnswer(
                WatermarkStatus.parse(json.path("status").asText()).orElse(WatermarkStatus.UNKNOWN),
                answers,
                json.path("reason").asText());
    }

    private static List<Behind> behind(JsonNode partitions) {
        List<Behind> behind = new ArrayList<>();
        for (JsonNode partition : partitions) {
            behind.add(new Behind(
                    partition.path("topic").asText(),
                    partition.path("partition").asInt(),
                    partition.path("need").asLong(),
                    partition.path("have").asLong()));
        }
        return behind;
    }
}
