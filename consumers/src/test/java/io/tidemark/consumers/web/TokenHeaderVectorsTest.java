// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemark.consumers.Vectors;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.seal.TokenForm;
import io.tidemark.outbox.seal.TokenSeal;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** {@code clients/conformance}: what a header and a cookie hold, the same as the tests of the other clients. */
class TokenHeaderVectorsTest {

    @TestFactory
    Stream<DynamicTest> readsHeaders() throws IOException {
        return Vectors.tests("tokens.json", "headers", entry -> {
            TokenHeader.Received received =
                    TokenHeader.read(texts(entry.required("lines")), List.of(), TokenForm.PLAIN);

            assertThat(received.token()).isEqualTo(token(entry.required("token")));
            assertThat(received.unreadable().isEmpty())
                    .isEqualTo(entry.required("unreadable").isEmpty());
            assertThat(texts(entry.required("unreadable")))
                    .allSatisfy(part -> assertThat(received.unreadable()).contains(part));
        });
    }

    @TestFactory
    Stream<DynamicTest> readsSealedHeadersAndCookies() throws IOException {
        return Vectors.tests("seals.json", "carried", entry -> {
            List<String> secrets = texts(entry.required("secrets"));
            TokenHeader.Received received = TokenHeader.read(
                    texts(entry.required("header")),
                    texts(entry.required("cookie")),
                    secrets.isEmpty() ? TokenForm.PLAIN : TokenSeal.of(secrets));

            assertThat(received.token()).isEqualTo(token(entry.required("token")));
            assertThat(texts(entry.required("unreadable")))
                    .allSatisfy(part -> assertThat(received.unreadable()).contains(part));
        });
    }

    @TestFactory
    Stream<DynamicTest> keepsWhatWasReceivedAndWritten() throws IOException {
        return Vectors.tests(
                "tokens.json",
                "kept",
                entry -> assertThat(
                                TokenHeader.merge(token(entry.required("received")), token(entry.required("written"))))
                        .isEqualTo(token(entry.required("kept"))));
    }

    private static Optional<Token> token(JsonNode text) {
        return text.isNull() ? Optional.empty() : Optional.of(Token.parse(text.asText()));
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(text -> texts.add(text.asText()));
        return texts;
    }
}
