// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.it.guarantee.DeadLetterEvidence;
import io.tidemark.it.harness.CommandRun;
import io.tidemark.it.harness.PoisonSource;
import io.tidemark.it.harness.PoisonSource.Row;
import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.outbox.DeadLetters;
import io.tidemark.outbox.EventHeaders;
import io.tidemark.quickstart.stack.FreePorts;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.deadletter.DeadLetter;
import io.tidemark.relay.deadletter.DeadLetterDesk;
import io.tidemark.relay.deadletter.DeadLetterProblem;
import io.tidemark.relay.deadletter.DeadLetterTopic;
import io.tidemark.relay.failpoint.Failpoint;
import io.tidemark.relay.failpoint.FailpointReached;
import io.tidemark.relay.publish.PublishFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code tidemark dead-letters} as processes, also if interrupted or run twice at the same time. */
class DeadLetterCommandsIT {

    private static final int BIG = 1024 * 1024;

    /** Ids must differ from test to test: the dead letters of all sources share a topic. */
    private final Random random = new Random();

    private final Row large = Row.tooLarge(random);
    private final Row empty = Row.withoutPayload(random);
    private PoisonSource source;
    private String config = "";

    @BeforeEach
    void letTwoEventsBecomeDeadLetters() throws Exception {
        source = PoisonSource.create("letters");
        config = source.configFile("dead-letter").toString();
        source.commit(Row.good(random), large, Row.good(random));
        source.commit(empty);
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration("dead-letter"))) {
            DeadLetterEvidence.gather(source)
                    .check(source.poison(), relay.state().toString());
        }
    }

    @AfterEach
    void drop() throws Exception {
        Failpoint.arm("");
        source.close();
    }

    private static CommandRun deadLetters(String... arguments) {
        List<String> all = new ArrayList<>(List.of("dead-letters"));
        all.addAll(List.of(arguments));
        return CommandRun.of(all.toArray(String[]::new));
    }

    private Map<String, ReadEvent> published() {
        Map<String, ReadEvent> byId = new LinkedHashMap<>();
        for (ReadEvent event :
                TopicReader.readAll(source.source().servers(), source.source().name() + ".")) {
            assertThat(byId.put(event.id(), event)).as("twice: %s", event).isNull();
        }
        return byId;
    }

    private List<String> open() throws Exception {
        String sourceId = source.source().sourceId();
        return new DeadLetterTopic(source.configuration("dead-letter").kafka())
                .list().stream()
                        .filter(letter -> letter.source().equals(sourceId))
                        .map(DeadLetter::id)
                        .toList();
    }

    private DeadLetterDesk desk() {
        RelayConfiguration configuration = source.configuration("dead-letter");
        return new DeadLetterDesk(configuration.kafka(), configuration.routes());
    }

    @Test
    void listsAndShowsDeadLetters() throws Exception {
        CommandRun list = deadLetters("list", config);
        CommandRun json = deadLetters("list", "--json", config);
        CommandRun show = deadLetters("show", large.id(), config);
        CommandRun shown = deadLetters("show", large.id(), config, "--json");
        CommandRun shownEmpty = deadLetters("show", empty.id(), config, "--json");

        assertThat(list.exitCode()).as(list.output()).isZero();
        assertThat(list.output())
                .contains("id=" + large.id(), "id=" + empty.id(), "topic=" + source.topic(), "RecordTooLargeException");
        assertThat(json.exitCode()).isZero();
        assertThat(new ObjectMapper().readTree(json.output()))
                .anySatisfy(letter -> assertThat(letter.path("id").asText()).isEqualTo(large.id()))
                .anySatisfy(letter ->
                        assertThat(letter.path("nullPayload").asBoolean()).isTrue());
        assertThat(show.output())
                .contains("tenant: t1", DeadLetters.REASON + ": is refused", "\n\n" + large.payload())
                .endsWith("\n");
        JsonNode letter = new ObjectMapper().readTree(shown.output());
        assertThat(letter.path("payload").asText()).isEqualTo(large.payload());
        assertThat(letter.path("payloadEncoding").asText()).isEqualTo("utf-8");
        assertThat(letter.path("headers"))
                .anySatisfy(header -> assertThat(header.path("name").asText()).isEqualTo(EventHeaders.POSITION));
        assertThat(new ObjectMapper()
                        .readTree(shownEmpty.output())
                        .path("payload")
                        .isNull())
                .isTrue();
    }

    @Test
    void retriesOnceKafkaAcceptsTheEvent() throws Exception {
        CommandRun refused = deadLetters("retry", large.id(), config);
        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.output())
                .contains("event " + large.id() + " cannot go to topic " + source.topic(), "stays a dead letter")
                .doesNotContain("\tat ");
        assertThat(open()).containsExactly(large.id(), empty.id());
        source.takes(source.topic(), BIG);

        CommandRun retried = deadLetters("retry", large.id(), config);
        CommandRun again = deadLetters("retry", large.id(), config);

        assertThat(retried).isEqualTo(new CommandRun(0, retried.output()));
        assertThat(retried.output()).contains("is published to " + source.topic());
        assertThat(again.exitCode()).isEqualTo(1);
        assertThat(again.output()).contains("event " + large.id() + " has no dead letter");
        assertThat(open()).containsExactly(empty.id());
        ReadEvent event = published().get(large.id());
        assertThat(event).isNotNull();
        assertThat(event.text()).isEqualTo(large.payload());
        assertThat(event.key()).isEqualTo(large.aggregateId());
        assertThat(event.headers())
                .containsEntry(EventHeaders.RETRIED, "true")
                .containsEntry("tenant", "t1")
                .containsKey(EventHeaders.POSITION)
                .allSatisfy((name, value) -> assertThat(name).doesNotStartWith(DeadLetters.HEADER_PREFIX));
    }

    @Test
    void retriesToAnotherTopicButRejectsTombstonesThatTheRouteForbids() throws Exception {
        String elsewhere = source.source().name() + ".elsewhere";

        CommandRun reserved = deadLetters("retry", large.id(), config, "--topic", "tidemark.positions");
        CommandRun moved = deadLetters("retry", large.id(), config, "--topic", elsewhere);
        CommandRun tombstone = deadLetters("retry", empty.id(), config);
        Path allowing = source.source().configFile();
        CommandRun allowed = deadLetters("retry", empty.id(), allowing.toString());

        assertThat(reserved.exitCode()).isEqualTo(1);
        assertThat(reserved.output()).contains("an internal topic of the relay", "--topic");
        assertThat(moved.exitCode()).as(moved.output()).isZero();
        assertThat(tombstone.exitCode()).isEqualTo(1);
        assertThat(tombstone.output()).contains("its route does not allow tombstones", "tombstones: true");
        assertThat(allowed.exitCode()).as(allowed.output()).isZero();
        assertThat(published().get(large.id()))
                .isNotNull()
                .extracting(ReadEvent::topic)
                .isEqualTo(elsewhere);
        assertThat(published().get(empty.id()))
                .isNotNull()
                .extracting(ReadEvent::value)
                .isNull();
        assertThat(open()).isEmpty();
    }

    @Test
    void discardsOnlyTheNamedDeadLetter() throws Exception {
        String unknown = "00000000-0000-0000-0000-000000000000";

        CommandRun withoutYes = deadLetters("discard", large.id(), config);
        CommandRun wrong = deadLetters("discard", "--yes", unknown, config);
        CommandRun notThere = deadLetters("show", unknown, config);
        CommandRun discarded = deadLetters("discard", "--yes", large.id(), config);

        assertThat(withoutYes.exitCode()).isEqualTo(2);
        assertThat(wrong.exitCode()).isEqualTo(1);
        assertThat(wrong.output()).contains("event " + unknown + " has no dead letter");
        assertThat(notThere.exitCode()).isEqualTo(1);
        assertThat(discarded.exitCode()).as(discarded.output()).isZero();
        assertThat(open()).containsExactly(empty.id());
        assertThat(published()).doesNotContainKey(large.id());
    }

    @Test
    void reportsThatKafkaDoesNotAnswer() throws Exception {
        String yaml = Files.readString(Path.of(config))
                .replace(source.source().servers().bootstrapServers(), "127.0.0.1:" + FreePorts.next());
        Path nowhere = Files.writeString(source.source().dir().resolve("nowhere.yml"), yaml);

        CommandRun list = deadLetters("list", nowhere.toString());

        assertThat(list.exitCode()).isEqualTo(2);
        assertThat(list.output()).contains("tidemark: Kafka: TimeoutException").doesNotContain("\tat ");
    }

    @Test
    void interruptedRetryChangesNothingAndTheNextOnePublishesOnce() throws Exception {
        source.takes(source.topic(), BIG);
        Failpoint.arm("before-commit=fail");

        assertThatThrownBy(() -> desk().retry(large.id(), Optional.empty())).isInstanceOf(FailpointReached.class);
        assertThat(published()).doesNotContainKey(large.id());
        desk().retry(large.id(), Optional.empty());

        assertThat(published()).containsKey(large.id());
        assertThat(open()).containsExactly(empty.id());
    }

    @Test
    void concurrentRetriesPublishTheEventOnce() throws Exception {
        source.takes(source.topic(), BIG);
        int count = 4;
        CyclicBarrier together = new CyclicBarrier(count);
        ExecutorService threads = Executors.newFixedThreadPool(count);
        List<Future<Boolean>> results = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            results.add(threads.submit(() -> {
                together.await(30, TimeUnit.SECONDS);
                try {
                    desk().retry(large.id(), Optional.empty());
                    return true;
                } catch (DeadLetterProblem | PublishFailure e) {
                    return false;
                }
            }));
        }
        threads.shutdown();
        int succeeded = 0;
        for (Future<Boolean> result : results) {
            succeeded += result.get(120, TimeUnit.SECONDS) ? 1 : 0;
        }

        if (succeeded == 0) { // each was fenced by the next one
            desk().retry(large.id(), Optional.empty());
        }
        assertThat(succeeded).isLessThanOrEqualTo(1);
        // readable once Kafka has written the markers of all these transactions, possibly after they have ended
        await().untilAsserted(() -> assertThat(published()).containsKey(large.id()));
        assertThat(open()).containsExactly(empty.id());
    }

    @Test
    void distinguishesTwoDeadLettersOfOneIdByTheirKeys() throws Exception {
        Row twin = new Row(empty.id(), "twin", null);
        source.commit(twin);
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration("dead-letter"))) {
            await().until(() -> open().size() == 3);
            assertThat(relay.state().reason()).isNull();
        }

        assertThatThrownBy(() -> desk().discard(empty.id()))
                .isInstanceOf(DeadLetterProblem.class)
                .hasMessageContaining("several dead letters have the event id " + empty.id());
        ReadEvent letterOfTwin = source.deadLetters().stream()
                .filter(letter -> letter.header(DeadLetters.INTENDED_KEY).equals("twin"))
                .findFirst()
                .orElseThrow();
        desk().discard(letterOfTwin.key());

        assertThat(open()).containsExactly(large.id(), empty.id());
        assertThat(desk().find(empty.id()).header(DeadLetters.INTENDED_KEY)).contains(empty.aggregateId());
    }

    @Test
    void relayContinuesAfterARetry() throws Exception {
        source.takes(source.topic(), BIG);
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration("dead-letter"))) {
            desk().retry(large.id(), Optional.empty());
            Row last = Row.good(random);
            source.commit(last);

            TopicReader.readUntil(
                    source.source().servers(),
                    source.source().name() + ".",
                    events -> events.stream().anyMatch(event -> event.id().equals(last.id())));
            assertThat(published()).containsKeys(large.id(), last.id());
            assertThat(relay.state().reason()).isNull();
        }
    }
}
