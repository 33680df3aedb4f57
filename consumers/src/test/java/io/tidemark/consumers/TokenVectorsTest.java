// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemark.outbox.Token;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** {@code clients/conformance/tokens.json}: the same as the tests of the other clients. */
class TokenVectorsTest {

    @TestFactory
    Stream<DynamicTest> parsesAndPrintsTokens() throws IOException {
        return Vectors.tests("tokens.json", "valid", entry -> {
            Token token = Token.parse(entry.required("text").asText());

            assertThat(token).hasToString(entry.required("prints").asText());
            assertThat(Token.parse(token.toString())).isEqualTo(token);
            assertThat(token.parts())
                    .extracting(part -> part.source() + " " + part.timeline() + " "
                            + part.lsn().toFixedWidth())
                    .containsExactlyElementsOf(parts(entry.required("parts")));
        });
    }

    private static List<String> parts(JsonNode parts) {
        List<String> texts = new ArrayList<>();
        parts.forEach(part -> texts.add(part.required("source").asText() + " "
                + part.required("timeline").asInt() + " " + part.required("lsn").asText()));
        return texts;
    }

    @TestFactory
    Stream<DynamicTest> namesTheProblemOfAMalformedToken() throws IOException {
        return Vectors.tests(
                "tokens.json",
                "invalid",
                entry -> assertThatThrownBy(
                                () -> Token.parse(entry.required("text").asText()))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageStartingWith("malformed token: ")
                        .hasMessageContaining(entry.required("error").asText()));
    }

    @TestFactory
    Stream<DynamicTest> mergesTokens() throws IOException {
        return Vectors.tests("tokens.json", "merge", entry -> {
            if (entry.has("error")) {
                assertThatThrownBy(() -> merged(entry.required("tokens")))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageStartingWith("malformed token: ")
                        .hasMessageContaining(entry.path("error").asText());
            } else {
                assertThat(merged(entry.required("tokens")))
                        .hasToString(entry.required("prints").asText());
            }
        });
    }

    private static Token merged(JsonNode tokens) {
        Token merged = Token.parse(tokens.required(0).asText());
        for (JsonNode token : tokens) {
            merged = merged.merge(Token.parse(token.asText()));
        }
        return merged;
    }
}
