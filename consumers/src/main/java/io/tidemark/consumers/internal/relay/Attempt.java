// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.relay;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.consumers.RelayRequestException;
import java.net.http.HttpResponse;
import java.util.function.Function;

/** The result of a request to one relay. Classifies the response; no other class checks HTTP status codes. */
sealed interface Attempt<T> {

    ObjectMapper JSON = new ObjectMapper();
    long LONGEST_RETRY_AFTER_SECONDS = 60;

    /** The relay has answered. */
    record Answered<T>(T value) implements Attempt<T> {}

    /**
     * The relay refuses this request, and would refuse it again. Another relay may be newer, or configured differently.
     */
    record Refused<T>(RelayRequestException exception) implements Attempt<T> {}

    /** No answer now: no connection, the relay is busy, or the response is not from a relay. */
    record Later<T>(String reason, long retryAfterMillis) implements Attempt<T> {}

    static <T> Attempt<T> of(HttpResponse<String> response, Function<JsonNode, Reading<T>> reader) {
        int status = response.statusCode();
        JsonNode json = json(response.body());
        if (status == 200 && json.isObject()) {
            Reading<T> reading = reader.apply(json);
            if (reading instanceof Reading.Answer<T> answer) {
                return new Answered<>(answer.value());
            }
            if (reading instanceof Reading.Refusal<T> refusal) {
                return new Refused<>(refusal.exception());
            }
            return new Later<>(reading instanceof Reading.NoAnswer<T> no ? no.whatCame() : "nothing", 0);
        }
        if (status == 429 || status >= 500) {
            return new Later<>(
                    "HTTP " + status + " " + json.path("detail").asText(whatCame(response)),
                    retryAfterMillis(response));
        }
        // RFC 9457, the format of a relay's refusal; a gateway's page has another
        if (status >= 400 && json.path("detail").isTextual()) {
            return new Refused<>(new RelayRequestException(
                    status,
                    "the relay refuses: HTTP " + status + " "
                            + json.path("detail").textValue()));
        }
        return new Later<>("HTTP " + status + " " + whatCame(response) + ", which is not a relay's answer", 0);
    }

    private static JsonNode json(String body) {
        try {
            return JSON.readTree(body);
        } catch (JsonProcessingException e) {
            return JSON.missingNode();
        }
    }

    private static String whatCame(HttpResponse<String> response) {
        if (response.statusCode() >= 300 && response.statusCode() < 400) {
            return "to " + response.headers().firstValue("Location").orElse("nowhere");
        }
        if (response.body().isEmpty()) {
            return "without a body";
        }
        JsonNode json = json(response.body());
        if (json.isMissingNode()) {
            return "with " + response.headers().firstValue("Content-Type").orElse("a body that is not JSON");
        }
        return json.isObject() ? "with JSON that a relay does not write" : "with JSON that is not an object";
    }

    /** Seconds, as the relay writes it. A date, the other form of RFC 9110, is ignored. */
    private static long retryAfterMillis(HttpResponse<String> response) {
        return response.headers()
                .firstValue("Retry-After")
                .filter(text -> text.matches("[0-9]{1,9}"))
                .map(text -> 1000 * Math.min(Long.parseLong(text), LONGEST_RETRY_AFTER_SECONDS))
                .orElse(0L);
    }
}
