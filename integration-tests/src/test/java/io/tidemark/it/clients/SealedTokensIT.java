// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.consumers.WatermarkAnswer;
import io.tidemark.consumers.WatermarkClient;
import io.tidemark.it.harness.CommandRun;
import io.tidemark.it.harness.GroupConsumer;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.TestSource;
import io.tidemark.outbox.OutboxEvent;
import io.tidemark.outbox.OutboxWriter;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.Tokens;
import io.tidemark.outbox.seal.TokenSeal;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sealed tokens against real relays: an active one and a standby with the same secrets, and a standby without. */
class SealedTokensIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private static final String SECRET = "0d4c1f7e5b6a4938a1b2c3d4e5f60718293a4b5c6d7e8f90";
    private static final String NEXT_SECRET = "f1e2d3c4b5a69788796a5b4c3d2e1f00aabbccddeeff0011";
    private static final TokenSeal SEAL = TokenSeal.of(List.of(SECRET));
    private static final TokenSeal NEXT_SEAL = TokenSeal.of(List.of(NEXT_SECRET));
    private static final Duration WAIT = Duration.ofSeconds(60);

    private static TestSource source;
    private static Path secrets;
    private static RelayProcess active;
    private static RelayProcess standby;
    private static RelayProcess withoutSecret;
    private static GroupConsumer group;

    @BeforeAll
    static void start() throws Exception {
        source = TestSource.create("sealed");
        secrets = Files.writeString(source.dir().resolve("secrets"), SECRET + "\n");
        String yaml = "tokens: {secretFile: \"" + secrets + "\"}";
        active = RelayProcess.start(source, yaml).awaitRunning();
        standby = RelayProcess.start(source, yaml);
        withoutSecret = RelayProcess.start(source);
        group = GroupConsumer.start(source, 0);
        for (RelayProcess relay : List.of(active, standby, withoutSecret)) {
            await("watermarks of " + relay.url())
                    .ignoreExceptionsInstanceOf(IOException.class)
                    .until(() -> relay.send("/v1/projections").statusCode() == 200);
        }
        write();
        group.awaitAssigned();
    }

    @AfterAll
    static void stop() throws Exception {
        group.close();
        withoutSecret.close();
        standby.close();
        active.close();
        source.close();
    }

    private record Written(UUID id, Token token) {

        String sealed() {
            return SEAL.write(token);
        }
    }

    private static Written write() throws Exception {
        try (Connection connection = source.connect()) {
            UUID id = new OutboxWriter().publish(connection, OutboxEvent.of("order", "1", "t", "x"));
            return new Written(id, Tokens.current(connection));
        }
    }

    private static String question(String token) {
        return "/v1/projections/view/watermark?wait=60s&token=" + token;
    }

    private static void assertProblem(HttpResponse<String> response, String code) throws IOException {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
        JsonNode problem = JSON.readTree(response.body());
        assertThat(problem.path("code").asText()).isEqualTo(code);
        assertThat(problem.path("type").asText()).isEqualTo("/v1/problems/" + code);
    }

    private static HttpResponse<String> gate(RelayProcess relay, String otherwise, String header, String value)
            throws Exception {
        return HTTP.send(
                HttpRequest.newBuilder(URI.create(relay.url() + "/v1/gate/view?wait=60s&otherwise=" + otherwise))
                        .header(header, value)
                        .timeout(WAIT.plusSeconds(20))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static String altered(String sealed) {
        char last = sealed.charAt(30);
        return sealed.substring(0, 30) + (last == 'A' ? 'B' : 'A') + sealed.substring(31);
    }

    @Test
    void everyPathTakesSealedTokensAndShowsNoOthers() throws Exception {
        for (RelayProcess relay : List.of(active, standby)) {
            Written written = write();
            Written later = write();
            String joined = written.sealed() + "~" + later.sealed();

            HttpResponse<String> success = relay.send(question(written.sealed()));
            assertThat(success.statusCode()).as(success.body()).isEqualTo(200);
            assertThat(JSON.readTree(success.body()).path("token").asText()).isEqualTo(written.sealed());
            assertThat(group.processedNanos()).containsKey(written.id().toString());

            List<HttpResponse<String>> answers = List.of(
                    success,
                    relay.send("/v1/projections/view/watermark?wait=60s&token=" + joined),
                    relay.send("/v1/projections/view/watermark?wait=60s&token=now"),
                    relay.send("/v1/projections/view/watermark?wait=60s&maxStaleness=5s"),
                    relay.send("/v1/projections/view/needs?token=" + joined),
                    relay.send("/v1/tokens/" + joined),
                    relay.send("/v1/events/" + written.id()),
                    relay.post("/v1/wait", "{\"token\": \"" + joined + "\", \"wait\": \"60s\"}"),
                    relay.post("/v1/wait", "{\"token\": \"now\", \"wait\": \"60s\"}"));
            for (HttpResponse<String> answer : answers) {
                assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
                assertThat(answer.body()).contains("\"ts1.").doesNotContain("tm1.");
            }
            assertThat(JSON.readTree(answers.get(1).body()).path("token").asText())
                    .as("one sealed token for all")
                    .isEqualTo(later.sealed());

            String foreign = SEAL.write(later.token().merge(Token.parse("tm1.ffffffff.1.0000000000000001")));
            HttpResponse<String> refused = relay.send(question(foreign));
            assertThat(refused.statusCode()).isEqualTo(409);
            assertThat(refused.body()).doesNotContain("tm1.");
            assertThat(JSON.readTree(refused.body()).path("token").asText()).isEqualTo(foreign);
            assertThat(JSON.readTree(refused.body()).path("sources")).hasSize(2);
        }
    }

    @Test
    void refusesPlainAlteredAndForeignSealsByName() throws Exception {
        Written written = write();
        String plain = written.token().toString();
        String elsewhere = NEXT_SEAL.write(written.token());

        for (RelayProcess relay : List.of(active, standby)) {
            assertProblem(relay.send(question(plain)), "unsealed-token");
            assertProblem(relay.send("/v1/projections/view/watermark?token=" + plain), "unsealed-token");
            assertProblem(relay.send("/v1/projections/view/needs?token=" + plain), "unsealed-token");
            assertProblem(relay.send("/v1/tokens/" + plain), "unsealed-token");
            assertProblem(relay.post("/v1/wait", "{\"token\": \"" + plain + "\"}"), "unsealed-token");
            assertProblem(relay.send(question(written.sealed() + "~" + plain)), "unsealed-token");
            assertProblem(relay.send(question(altered(written.sealed()))), "seal-not-valid");
            assertProblem(relay.send(question(elsewhere)), "seal-not-valid");
            assertProblem(relay.send(question(written.sealed().substring(0, 40))), "malformed-token");
            assertThat(relay.send("/v1/problems/seal-not-valid").statusCode()).isEqualTo(200);
        }
        assertProblem(withoutSecret.send(question(written.sealed())), "no-secret");
        assertThat(withoutSecret.send(question(plain)).statusCode()).isEqualTo(200);
    }

    @Test
    void theGateWaitsForSealedCookiesAndPassesOverOthers() throws Exception {
        for (RelayProcess relay : List.of(active, standby)) {
            Written written = write();
            HttpResponse<String> passed = gate(relay, "fail", "Cookie", "a=b; Tidemark-Token=" + written.sealed());
            assertThat(passed.statusCode()).isEqualTo(200);
            assertThat(passed.headers().firstValue("Tidemark-Status")).hasValue("success");
            assertThat(passed.headers().firstValue("Set-Cookie")).isEmpty();
            assertThat(group.processedNanos()).containsKey(written.id().toString());

            for (String bad :
                    List.of(written.token().toString(), altered(written.sealed()), NEXT_SEAL.write(written.token()))) {
                HttpResponse<String> unread = gate(relay, "pass", "Cookie", "Tidemark-Token=" + bad);
                assertThat(unread.statusCode()).as(bad).isEqualTo(200);
                assertThat(unread.headers().firstValue("Tidemark-Status")).hasValue("unreadable");
                assertThat(unread.headers().firstValue("Set-Cookie"))
                        .as("another relay may accept it")
                        .isEmpty();
                assertThat(gate(relay, "fail", "Tidemark-Token", bad).statusCode())
                        .isEqualTo(400);
            }

            HttpResponse<String> replaced =
                    gate(relay, "pass", "Cookie", "Tidemark-Token=" + written.sealed() + "~rubbish");
            assertThat(replaced.headers().firstValue("Set-Cookie"))
                    .as("%s %s", replaced, replaced.headers().map())
                    .hasValue("Tidemark-Token=" + written.sealed() + "; Path=/; HttpOnly; SameSite=Lax; Max-Age=300");

            String ahead = SEAL.write(Token.parse("tm1." + source.sourceId() + ".1.00FFFFFFFFFFFFFF"));
            assertThat(gate(relay, "fail", "Tidemark-Token", ahead).statusCode())
                    .isEqualTo(409);
        }
        HttpResponse<String> unread = gate(withoutSecret, "pass", "Cookie", "Tidemark-Token=" + write().sealed());
        assertThat(unread.statusCode()).isEqualTo(200);
        assertThat(unread.headers().firstValue("Tidemark-Status")).hasValue("unreadable");
        assertThat(unread.headers().firstValue("Set-Cookie")).isEmpty();
    }

    /** Jetty remembers headers for each connection, by default without regard to their case. */
    @Test
    void aTokenThatDiffersInItsCaseOnlyIsAnotherToken() throws Exception {
        String sealed = write().sealed();
        assertThat(sealed).matches(".*[a-z].*");
        for (String other : List.of(sealed.substring(0, 4) + sealed.substring(4).toUpperCase(Locale.ROOT), sealed)) {
            HttpResponse<String> answer = gate(active, "fail", "Cookie", "Tidemark-Token=" + other);
            assertThat(answer.statusCode()).as(other).isEqualTo(other.equals(sealed) ? 200 : 400);
        }
        HttpResponse<String> replaced = gate(active, "pass", "Cookie", "Tidemark-Token=" + sealed + "~rubbish");
        assertThat(replaced.headers().firstValue("Set-Cookie")).isPresent();
    }

    /** New secret added, made the first, old one removed: relays and a client, none of them restarted. */
    @Test
    void rotatesWithoutARestart() throws Exception {
        WatermarkClient client = new WatermarkClient(List.of(URI.create(active.url()), URI.create(standby.url())))
                .seal(TokenSeal.ofFile(secrets));
        try {
            for (String content : List.of(
                    SECRET + "\n" + NEXT_SECRET + "\n", NEXT_SECRET + "\n" + SECRET + "\n", NEXT_SECRET + "\n")) {
                Files.writeString(secrets, content);
                boolean isOldKnown = content.contains(SECRET);
                TokenSeal first = content.startsWith(SECRET) ? SEAL : NEXT_SEAL;
                for (RelayProcess relay : List.of(active, standby)) {
                    await("the secrets, read again")
                            .until(() -> relay.send(question(NEXT_SEAL.write(write().token())))
                                                    .statusCode()
                                            == 200
                                    && (relay.send(question(write().sealed())).statusCode() == 200) == isOldKnown
                                    && isAnsweredWith(relay, first));
                    if (!isOldKnown) {
                        assertProblem(relay.send(question(write().sealed())), "seal-not-valid");
                    }
                }
                WatermarkAnswer answer = client.await("view", write().token(), WAIT);
                assertThat(answer.isCaughtUp()).as(answer.toString()).isTrue();
            }
            Files.writeString(secrets, "too short\n");
            await("a spoilt file changes nothing")
                    .during(Duration.ofMillis(1500))
                    .until(() -> active.send(question(NEXT_SEAL.write(write().token())))
                                    .statusCode()
                            == 200);
        } finally {
            Files.writeString(secrets, SECRET + "\n");
            for (RelayProcess relay : List.of(active, standby)) {
                await("the first secret")
                        .until(() -> relay.send(question(write().sealed())).statusCode() == 200);
            }
        }
    }

    /** Whether the relay seals with this secret. */
    private static boolean isAnsweredWith(RelayProcess relay, TokenSeal seal) throws Exception {
        try {
            seal.read(relay.get(question("now")).path("token").asText());
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    @Test
    void theCommandsSealWhatTheyAreGiven() throws Exception {
        Written written = write();
        String plain = written.token().toString();
        String file = "--token-secret-file=" + secrets;

        assertThat(CommandRun.of("token", "seal", plain, file).output().strip()).isEqualTo(written.sealed());
        assertThat(CommandRun.of("token", "decode", written.sealed(), file).output())
                .contains("source=" + source.sourceId());
        assertThat(CommandRun.of("token", "decode", written.sealed()).exitCode())
                .isEqualTo(1);
        for (String token : List.of(plain, written.sealed())) {
            CommandRun waited = CommandRun.of(
                    "wait", "--url", standby.url(), "--projection", "view", "--token", token, file, "--json");
            assertThat(waited.exitCode()).as(waited.output()).isZero();
            assertThat(waited.output()).contains(written.sealed()).doesNotContain("tm1.");
        }
        CommandRun sealed =
                CommandRun.of("wait", "--url", standby.url(), "--projection", "view", "--token", written.sealed());
        assertThat(sealed.exitCode()).as("a sealed token needs no file").isZero();
        CommandRun refused = CommandRun.of("wait", "--url", standby.url(), "--projection", "view", "--token", plain);
        assertThat(refused.exitCode()).isEqualTo(2);
        assertThat(refused.output()).contains("only sealed tokens are accepted here");
        CommandRun explained = CommandRun.of("explain", written.sealed(), "--url", active.url());
        assertThat(explained.exitCode()).as(explained.output()).isZero();
        assertThat(CommandRun.of(
                                "check",
                                source.configFile("tokens: {secretFile: /nowhere}")
                                        .toString())
                        .output())
                .contains("tokens.secretFile: token secrets in /nowhere cannot be used");
    }

    @ParameterizedTest
    @EnumSource
    void clientsInOtherLanguagesSealTheSameWay(Language language) throws Exception {
        language.assumeInstalled();
        ProcessBuilder builder =
                language.ask(active.url(), standby.url()).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("TOKEN_SECRET_FILE", secrets.toString());
        Process process = builder.start();
        try (BufferedWriter questions = process.outputWriter(StandardCharsets.UTF_8);
                BufferedReader answers = process.inputReader(StandardCharsets.UTF_8)) {
            for (int i = 0; i < 10; i++) {
                Written written = write();
                String asked = i % 2 == 0 ? written.token().toString() : written.sealed();
                questions.write(JSON.createObjectNode()
                                .put("token", asked)
                                .put("timeoutMillis", WAIT.toMillis())
                                .set("projections", JSON.createArrayNode().add("view"))
                        + "\n");
                questions.flush();

                JsonNode answer = JSON.readTree(answers.readLine());

                assertThat(answer.path("status").asText()).isEqualTo("success");
                assertThat(answer.path("token").asText())
                        .isEqualTo(written.token().toString());
                assertThat(group.processedNanos()).containsKey(written.id().toString());
            }
        } finally {
            Language.end(process);
        }
    }
}
