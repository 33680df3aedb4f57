// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.relay;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemark.consumers.CombinedAnswer;
import io.tidemark.consumers.WatermarkAnswer;
import io.tidemark.consumers.WatermarkAnswer.Behind;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.WatermarkStatus;
import io.tidemark.outbox.seal.TokenForm;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Parses a relay's JSON into answers. JSON without a status that this library knows is not an answer. Stateless. */
final class AnswerReader {

    private AnswerReader() {}

    /**
     * @param form of tokens
     * @param asked the token of the question; empty if it had none
     */
    static Reading<WatermarkAnswer> answer(JsonNode json, TokenForm form, Optional<Token> asked) {
        Optional<WatermarkStatus> status = status(json);
        return status.isPresent()
                ? new Reading.Answer<>(answer(json, status.get(), carryOn(json, form, asked)))
                : new Reading.NoAnswer<>(withoutStatus(json));
    }

    /**
     * @param form of tokens
     * @param asked the token of the question; empty if it had none
     */
    static Reading<CombinedAnswer> combined(JsonNode json, TokenForm form, Optional<Token> asked) {
        Optional<WatermarkStatus> status = status(json);
        if (status.isEmpty()) {
            return new Reading.NoAnswer<>(withoutStatus(json));
        }
        Optional<Token> carryOn = carryOn(json, form, asked);
        List<WatermarkAnswer> answers = new ArrayList<>();
        for (JsonNode projection : json.path("projections")) {
            Optional<WatermarkStatus> its = status(projection);
            if (its.isEmpty()) {
                return new Reading.NoAnswer<>(withoutStatus(projection));
            }
            answers.add(answer(projection, its.get(), carryOn));
        }
        return new Reading.Answer<>(
                new CombinedAnswer(status.get(), answers, json.path("reason").asText(), carryOn));
    }

    private static Optional<WatermarkStatus> status(JsonNode json) {
        return WatermarkStatus.parse(json.path("status").asText());
    }

    private static String withoutStatus(JsonNode json) {
        return json.path("status").isTextual()
                ? "status '" + json.path("status").textValue() + "', which this library does not know"
                : "JSON without a status";
    }

    /**
     * The token to carry on with. Nothing is dropped but what the relay says: a relay of an older version returns what was
     * asked, and what cannot be read is not a token.
     */
    private static Optional<Token> carryOn(JsonNode json, TokenForm form, Optional<Token> asked) {
        return token(json.path("token"), form, asked);
    }

    static Optional<Token> token(JsonNode token, TokenForm form, Optional<Token> asked) {
        if (token.isNull()) {
            return Optional.empty();
        }
        try {
            return token.isTextual() ? Optional.of(form.read(token.textValue())) : asked;
        } catch (IllegalArgumentException e) {
            return asked;
        }
    }

    private static WatermarkAnswer answer(JsonNode json, WatermarkStatus status, Optional<Token> carryOn) {
        return new WatermarkAnswer(
                json.path("projection").asText(),
                status,
                json.path("phase").asText(),
                json.path("reason").asText(),
                json.path("waitedMillis").asLong(),
                behind(json.path("behind")),
                carryOn);
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
