// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.it.harness.GroupConsumer;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.outbox.OutboxEvent;
import io.tidemark.outbox.OutboxWriter;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.Tokens;
import io.tidemark.relay.config.file.ConfigurationFile;
import io.tidemark.relay.watermark.Answer;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Questions without a token, and effects that become visible later, on real servers. */
class QuestionsIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int WRITES = 30;
    private static final String WATERMARK = "/v1/projections/view/watermark?";

    private TestSource source;

    @BeforeEach
    void create() throws Exception {
        source = TestSource.create("questions");
    }

    @AfterEach
    void drop() throws Exception {
        source.close();
    }

    private record Written(String id, Token token) {}

    private Written write(String aggregateId) throws Exception {
        try (Connection connection = source.connect()) {
            String id = new OutboxWriter()
                    .publish(connection, OutboxEvent.of("order", aggregateId, "t", "x"))
                    .toString();
            return new Written(id, Tokens.current(connection));
        }
    }

    private static void awaitServing(RelayProcess relay) {
        await().ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> relay.send("/v1/projections").statusCode() == 200);
    }

    /** A group that takes up to 100 ms for each batch: without the wait, most reads would be stale. */
    @Test
    void nowCoversEveryCommitBeforeTheQuestionOnActiveAndStandby() throws Exception {
        try (RelayProcess active = RelayProcess.start(source).awaitRunning();
                RelayProcess standby = RelayProcess.start(source).awaitState("standby");
                GroupConsumer group = GroupConsumer.start(source, 100)) {
            awaitServing(active);
            awaitServing(standby);
            List<RelayProcess> relays = List.of(active, standby);
            for (int i = 0; i < WRITES; i++) {
                Written written = write("a" + i % 5);

                HttpResponse<String> answer = relays.get(i % 2).send(WATERMARK + "token=now&wait=30s");

                assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
                assertThat(group.processedNanos()).containsKey(written.id());
                Token moment =
                        Token.parse(JSON.readTree(answer.body()).path("token").asText());
                assertThat(moment.merge(written.token())).isEqualTo(moment);
            }
        }
    }

    @Test
    void aBoundOnStalenessHoldsWhileTheGroupKeepsUpAndFailsOnceItDoesNot() throws Exception {
        try (RelayProcess relay = RelayProcess.start(source).awaitRunning()) {
            awaitServing(relay);
            try (GroupConsumer group = GroupConsumer.start(source, 0)) {
                Written written = write("1");
                JsonNode fresh = relay.get(WATERMARK + "maxStaleness=2s&wait=30s");

                assertThat(fresh.path("status").asText()).as(fresh.toString()).isEqualTo("success");
                assertThat(fresh.path("stalenessMillis").asLong()).isBetween(0L, 2_000L);
                await().untilAsserted(() -> assertThat(group.processedNanos()).containsKey(written.id()));
            }
            write("2");
            long committedNanos = System.nanoTime();
            TimeUnit.MILLISECONDS.sleep(1_000);
            for (String wait : List.of("0", "500ms")) {
                HttpResponse<String> stale = relay.send(WATERMARK + "maxStaleness=500ms&wait=" + wait);

                assertThat(stale.statusCode()).as(stale.body()).isIn(412, 503);
            }
            HttpResponse<String> longAgo = relay.send(WATERMARK + "maxStaleness=1h&strict=false");
            JsonNode answer = JSON.readTree(longAgo.body());
            long sinceMillis = (System.nanoTime() - committedNanos) / 1_000_000;
            if (answer.path("status").asText().equals("success")) { // by a look from before the write
                assertThat(answer.path("stalenessMillis").asLong()).isGreaterThanOrEqualTo(sinceMillis);
            }
        }
    }

    @Test
    void successComesNoEarlierThanTheEffectsAreVisible() throws Exception {
        Path file = source.configFile();
        Files.writeString(file, Files.readString(file).replace("topics: [", "visibleAfter: 1s, topics: ["));
        try (RunningRelay relay = RunningRelay.startAndAwait(ConfigurationFile.read(file));
                GroupConsumer group = GroupConsumer.start(source, 0)) {
            Written written = write("1");
            await().until(() -> group.processedNanos().containsKey(written.id()));
            long processedNanos = Objects.requireNonNull(group.processedNanos().get(written.id()));

            Answer early =
                    relay.relay().watermarks().ask("view", written.token(), 300).get(60, TimeUnit.SECONDS);
            long earlyNanos = System.nanoTime() - processedNanos;
            Answer visible = relay.relay()
                    .watermarks()
                    .ask("view", written.token(), 30_000)
                    .get(60, TimeUnit.SECONDS);

            long sinceNanos = System.nanoTime() - processedNanos;
            assertThat(early instanceof Answer.Success && earlyNanos < TimeUnit.SECONDS.toNanos(1))
                    .isFalse();
            assertThat(visible).isInstanceOf(Answer.Success.class);
            assertThat(sinceNanos).isGreaterThanOrEqualTo(TimeUnit.SECONDS.toNanos(1));
            assertThat(relay.relay()
                            .watermarks()
                            .ask("view", written.token(), 0)
                            .get(60, TimeUnit.SECONDS))
                    .as("G8")
                    .isInstanceOf(Answer.Success.class);
        }
    }
}
