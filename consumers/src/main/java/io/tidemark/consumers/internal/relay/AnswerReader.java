package io.tidemark.consumers.internal.relay;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemark.consumers.CombinedAnswer;
import io.tidemark.consumers.WatermarkAnswer;
import io.tidemark.consumers.WatermarkAnswer.Behind;
import io.tidemark.outbox.WatermarkStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Parses a relay's JSON into answers. JSON without a status that this library knows is not an answer. Stateless. */
final class AnswerReader {

    private AnswerReader() {}

    static Reading<WatermarkAnswer> answer(JsonNode json) {
        Optional<WatermarkStatus> status = status(json);
        return status.isPresent()
                ? new Reading.Answer<>(answer(json, status.get()))
                : new Reading.NoAnswer<>(withoutStatus(json));
    }

    static Reading<CombinedAnswer> combined(JsonNode json) {
        Optional<WatermarkStatus> status = status(json);
        if (status.isEmpty()) {
            return new Reading.NoAnswer<>(withoutStatus(json));
        }
        List<WatermarkAnswer> answers = new ArrayList<>();
        for (JsonNode projection : json.path("projections")) {
            Optional<WatermarkStatus> its = status(projection);
            if (its.isEmpty()) {
                return new Reading.NoAnswer<>(withoutStatus(projection));
            }
            answers.add(answer(projection, its.get()));
        }
        return new Reading.Answer<>(
                new CombinedAnswer(status.get(), answers, json.path("reason").asText()));
    }

    private static Optional<WatermarkStatus> status(JsonNode json) {
        return WatermarkStatus.parse(json.path("status").asText());
    }

    private static String withoutStatus(JsonNode json) {
        return json.path("status").isTextual()
                ? "status '" + json.path("status").textValue() + "', which this library does not know"
                : "JSON without a status";
    }

    private static WatermarkAnswer answer(JsonNode json, WatermarkStatus status) {
        return new WatermarkAnswer(
                json.path("projection").asText(),
                status,
                json.path("phase").asText(),
                json.path("reason").asText(),
                json.path("waitedMillis").asLong(),
                behind(json.path("behind")));
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
