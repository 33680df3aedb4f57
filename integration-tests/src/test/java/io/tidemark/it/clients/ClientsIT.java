// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.it.harness.GroupConsumer;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.TestSource;
import io.tidemark.outbox.OutboxEvent;
import io.tidemark.outbox.OutboxWriter;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.Tokens;
import io.tidemark.quickstart.stack.FreePorts;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The clients against a real relay, of which one of three replicas is away. */
class ClientsIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int WRITES = 30;
    private static final int SLOW_CONSUMER_MILLIS = 150;

    private static TestSource source;
    private static RelayProcess relay;
    private static GroupConsumer group;

    @BeforeAll
    static void start() throws Exception {
        source = TestSource.create("clients");
        relay = RelayProcess.start(source).awaitRunning();
        group = GroupConsumer.start(source, SLOW_CONSUMER_MILLIS);
        await("watermarks").until(() -> relay.send("/v1/projections").statusCode() == 200);
        write();
        group.awaitAssigned();
    }

    @AfterAll
    static void stop() throws Exception {
        group.close();
        relay.close();
        source.close();
    }

    private record Written(UUID id, Token token) {}

    private static Written write() throws Exception {
        try (Connection connection = source.connect()) {
            UUID id = new OutboxWriter().publish(connection, OutboxEvent.of("order", "1", "t", "x"));
            return new Written(id, Tokens.current(connection));
        }
    }

    /** A client as a separate program; asks a question and reads the answer. */
    private record Asker(Process process, BufferedWriter questions, BufferedReader answers) implements AutoCloseable {

        static Asker start(Language language) throws IOException {
            String away = "http://127.0.0.1:" + FreePorts.next();
            Process process = language.ask(away, relay.url(), away)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            return new Asker(
                    process, process.outputWriter(StandardCharsets.UTF_8), process.inputReader(StandardCharsets.UTF_8));
        }

        JsonNode ask(String token, long timeoutMillis, String... projections) throws IOException {
            ObjectNode question = JSON.createObjectNode().put("token", token).put("timeoutMillis", timeoutMillis);
            List.of(projections).forEach(question.withArray("projections")::add);
            questions.write(question + "\n");
            questions.flush();
            String answer = answers.readLine();
            assertThat(answer).as("the client has ended").isNotNull();
            return JSON.readTree(answer);
        }

        @Override
        public void close() throws InterruptedException {
            Language.end(process);
        }
    }

    @ParameterizedTest
    @EnumSource
    void returnsSuccessOnlyAfterTheWriteIsProcessed(Language language) throws Exception {
        language.assumeInstalled();
        int behind = 0;
        try (Asker client = Asker.start(language)) {
            for (int i = 0; i < WRITES; i++) {
                Written written = write();

                JsonNode now = client.ask(written.token().toString(), 0, "view");
                boolean isProcessed =
                        group.processedNanos().containsKey(written.id().toString());
                assertThat(now.path("status").asText()).isIn("success", "timeout");
                assertThat(now.path("status").asText().equals("success")).isIn(false, isProcessed);
                behind += now.path("status").asText().equals("timeout") ? 1 : 0;

                JsonNode later = client.ask(written.token().toString(), 60_000, "view");
                assertThat(later.path("status").asText()).isEqualTo("success");
                assertThat(later.path("token").asText())
                        .isEqualTo(written.token().toString());
                assertThat(group.processedNanos()).containsKey(written.id().toString());
            }
        }
        assertThat(behind).as("questions that came too early").isPositive();
    }

    @ParameterizedTest
    @EnumSource
    void reportsWhatTheRelaySaysOfOtherTokensAndProjections(Language language) throws Exception {
        language.assumeInstalled();
        String token = write().token().toString();
        String foreign = "tm1.ffffffff.1.0000000000000001";
        try (Asker client = Asker.start(language)) {
            JsonNode joint = client.ask(token, 60_000, "view", "view");
            assertThat(joint.path("status").asText()).isEqualTo("success");
            assertThat(joint.path("answers"))
                    .as("a projection that is named twice has one answer")
                    .hasSize(1);

            JsonNode joined = client.ask(token + "~" + foreign, 5_000, "view");
            assertThat(joined.path("status").asText()).isEqualTo("foreign");
            assertThat(joined.path("token").asText()).contains(token, foreign);
            assertThat(joined.path("reason").asText()).contains("ffffffff");

            assertThat(client.ask("tm1." + source.sourceId() + ".1.00FFFFFFFFFFFFFF", 5_000, "view")
                            .path("status")
                            .asText())
                    .isEqualTo("ahead");

            JsonNode nowhere = client.ask(token, 1_000, "nowhere");
            assertThat(nowhere.path("status").asText())
                    .as("two of three are away")
                    .isEqualTo("unreachable");
            assertThat(nowhere.path("reason").asText()).contains("HTTP 404 no projection 'nowhere'");
        }
    }
}
