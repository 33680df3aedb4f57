// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.seal.TokenForm;
import io.tidemark.outbox.seal.TokenSeal;
import io.tidemark.outbox.seal.UnacceptedTokenException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** {@code clients/conformance/seals.json}: the same as the tests of the other clients. */
class SealVectorsTest {

    private static List<String> secrets(JsonNode entry) {
        List<String> secrets = new ArrayList<>();
        entry.required("secrets").forEach(secret -> secrets.add(secret.asText()));
        return secrets;
    }

    @TestFactory
    Stream<DynamicTest> sealsTokens() throws IOException {
        return Vectors.tests("seals.json", "seal", entry -> {
            TokenSeal seal = TokenSeal.of(secrets(entry));
            Token token = Token.parse(entry.required("token").asText());
            String sealed = entry.required("sealed").asText();

            assertThat(seal.write(token)).isEqualTo(sealed);
            assertThat(seal.read(sealed)).isEqualTo(token);
        });
    }

    @TestFactory
    Stream<DynamicTest> opensWhatWasSealedWithEitherSecret() throws IOException {
        return Vectors.tests(
                "seals.json",
                "open",
                entry -> assertThat(TokenSeal.of(secrets(entry))
                                .read(entry.required("text").asText()))
                        .hasToString(entry.required("token").asText()));
    }

    @TestFactory
    Stream<DynamicTest> refusesWhatWasNotSealedWithASecret() throws IOException {
        return Vectors.tests("seals.json", "refused", entry -> {
            TokenForm form = secrets(entry).isEmpty() ? TokenForm.PLAIN : TokenSeal.of(secrets(entry));

            assertThatThrownBy(() -> form.read(entry.required("text").asText()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(entry.required("error").asText())
                    .satisfies(refused -> assertThat(
                                    refused instanceof UnacceptedTokenException unaccepted
                                            ? unaccepted.why().code()
                                            : null)
                            .isEqualTo(entry.required("code").textValue()));
        });
    }

    @TestFactory
    Stream<DynamicTest> namesWhatIsWrongWithSecrets() throws IOException {
        return Vectors.tests(
                "seals.json",
                "secrets",
                entry -> assertThatThrownBy(() -> TokenSeal.of(secrets(entry)))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining(entry.required("error").asText()));
    }
}
