// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.consumers.Projection;
import io.tidemark.consumers.ProjectionRunner;
import io.tidemark.consumers.ProjectionTables;
import io.tidemark.consumers.RunnerConfig;
import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.outbox.EventHeaders;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Position;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.Tokens;
import io.tidemark.quickstart.stack.ChildJvm;
import io.tidemark.relay.cli.TidemarkCli;
import io.tidemark.relay.health.RelayState.Phase;
import io.tidemark.relay.watermark.Answer;
import io.tidemark.relay.watermark.TokenRequirements.Requirement;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

/** Replay of events beside a running relay, which is not disturbed. */
class ReplayIT {

    private static final AtomicInteger RUNS = new AtomicInteger();

    private TestSource source;

    @BeforeEach
    void create() throws Exception {
        source = TestSource.create("replay");
    }

    @AfterEach
    void drop() throws Exception {
        source.close();
    }

    private record Result(int exitCode, String output) {

        JsonNode json() throws Exception {
            return new ObjectMapper().readTree(output.lines().reduce("", (before, last) -> last));
        }
    }

    private Result tidemark(List<String> jvmOptions, String... arguments) {
        List<String> options = new ArrayList<>(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
        options.addAll(jvmOptions);
        try (ChildJvm process = ChildJvm.start(
                "tidemark",
                TidemarkCli.class.getName(),
                List.of(arguments),
                options,
                source.dir().resolve("replay-" + RUNS.incrementAndGet() + ".log"))) {
            return new Result(process.awaitExit(180), process.output());
        }
    }

    private static Selection all() throws ReplayProblem {
        return Selection.of(
                Optional.of(Instant.EPOCH), Optional.empty(), List.of(), Optional.empty(), Optional.empty());
    }

    private Replay replay(Selection selection, Optional<String> topic) throws ReplayProblem {
        return new Replay(source.configuration(), selection, topic, Duration.ofSeconds(20));
    }

    private Token token() throws Exception {
        try (Connection connection = source.connect()) {
            return Tokens.current(connection);
        }
    }

    /** Adds a nudge after the writes, because the stream of an idle database does not reach them. */
    private void awaitPublished(RunningRelay relay) throws Exception {
        Lsn nudge = Lsn.parse(source.query("select outbox.nudge()::text"));
        await("published").until(() -> relay.state().published().isAtLeast(nudge));
    }

    private List<ReadEvent> read(String topic) {
        return TopicReader.readAll(source.servers(), topic);
    }

    private static List<Requirement> needs(RunningRelay relay, Token token) throws Exception {
        return relay.relay()
                .watermarks()
                .requirements()
                .withGroups(token, relay.relay().watermarks().names())
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS)
                .projections();
    }

    private static List<String> partitions(List<Requirement> requirements) {
        return requirements.stream()
                .flatMap(requirement -> requirement.partitions().stream())
                .map(need -> need.topic() + "-" + need.partition() + ":" + need.need())
                .toList();
    }

    /**
     * Three events of one aggregate in one transaction, the second after a savepoint, then one with all optional
     * fields.
     */
    private void write() throws Exception {
        source.execute(
                "begin",
                "select outbox.publish('order', '1', 'Placed', 'first')",
                "savepoint s",
                "select outbox.publish('order', '1', 'Paid', 'second')",
                "release s",
                "select outbox.publish('order', '1', 'Shipped', 'third')",
                "commit",
                "insert into outbox.event (aggregate_type, aggregate_id, event_type, payload_binary, content_type,"
                        + " headers, traceparent, tracestate) values ('order', '№2', 'Placed', '\\x00ff', 'application/x',"
                        + " '{\"tenant\": \"t1\"}', '00-0af7-b7ad-01', 'rojo=1')",
                "select outbox.publish('customer', '3', 'Moved', 'elsewhere')");
    }

    @Test
    void replaysIntoLiveTopicsLikeTheFirstTimeWithoutDisturbingOthers() throws Exception {
        String config = source.configFile().toString();
        write();
        ConcurrentLinkedQueue<String> applied = new ConcurrentLinkedQueue<>();
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration());
                ProjectionRunner projection = project(applied)) {
            awaitPublished(relay);
            Token before = token();
            await("applied").until(() -> applied.size() == 4);
            await("the group known to the relay")
                    .until(() -> !partitions(needs(relay, before)).isEmpty());
            List<String> needsBefore = partitions(needs(relay, before));
            String progressBefore = progress();

            Result refused = tidemark(List.of(), "replay", config, "--from", "1970-01-01T00:00:00Z");
            Result counted =
                    tidemark(List.of(), "replay", config, "--from", "1970-01-01T00:00:00Z", "--dry-run", "--json");
            Result replayed =
                    tidemark(List.of(), "replay", config, "--from", "1970-01-01T00:00:00Z", "--yes", "--json");

            assertThat(refused.exitCode()).as(refused.output()).isEqualTo(1);
            assertThat(refused.output()).contains("live topics", "--dry-run", "--yes", "--topic");
            assertThat(counted.exitCode()).as(counted.output()).isZero();
            assertThat(counted.json().path("events").asInt()).isEqualTo(5);
            assertThat(counted.json().path("topics").path(source.topic("order")).asInt())
                    .isEqualTo(4);
            assertThat(replayed.exitCode()).as(replayed.output()).isZero();
            assertReplayedAsTheFirstTime(replayed.json().path("replayId").asText());

            await("applied again").until(() -> applied.size() == 8);
            assertThat(progress()).as("positions of the projection's progress").isEqualTo(progressBefore);
            assertThat(partitions(needs(relay, before))).isEqualTo(needsBefore);
            source.execute("select outbox.publish('order', '1', 'Returned', 'later')");
            awaitPublished(relay);
            await("success of a token after the replay")
                    .until(() -> needs(relay, token()).stream()
                            .allMatch(need -> need.answer()
                                    .filter(Answer.Success.class::isInstance)
                                    .isPresent()));
            assertThat(relay.state().phase()).isEqualTo(Phase.RUNNING);
        }
        assertPositionsIncrease();
    }

    private ProjectionRunner project(ConcurrentLinkedQueue<String> applied) throws Exception {
        try (Connection connection = source.connect()) {
            ProjectionTables.create(connection);
        }
        PGSimpleDataSource database = new PGSimpleDataSource();
        database.setUrl(source.servers().url(source.name()));
        database.setUser(source.servers().user());
        database.setPassword(source.servers().password());
        return ProjectionRunner.start(
                Projection.of(
                        source.name() + "-view",
                        List.of(source.topic("order")),
                        (event, connection) -> applied.add(event.id().toString())),
                RunnerConfig.of(
                        database,
                        Map.of("bootstrap.servers", source.servers().bootstrapServers(), "metadata.max.age.ms", 500)));
    }

    private String progress() throws Exception {
        return String.valueOf(source.query(
                "select string_agg(partition || ':' || position, ',' order by partition) from tidemark_progress"));
    }

    private void assertReplayedAsTheFirstTime(String replayId) {
        Map<String, ReadEvent> first = new LinkedHashMap<>();
        Map<String, ReadEvent> again = new LinkedHashMap<>();
        for (ReadEvent event : read(source.name() + ".")) {
            boolean isReplayed = event.headers().containsKey(EventHeaders.REPLAYED);
            assertThat((isReplayed ? again : first).put(event.id(), event))
                    .as("twice: %s", event)
                    .isNull();
        }
        assertThat(again.keySet()).hasSize(5).containsExactlyInAnyOrderElementsOf(first.keySet());
        first.forEach((id, event) -> {
            ReadEvent replayed = Objects.requireNonNull(again.get(id));
            Map<String, String> headers = new LinkedHashMap<>(event.headers());
            headers.remove(EventHeaders.POSITION);
            headers.put(EventHeaders.REPLAYED, replayId);
            assertThat(replayed.headers()).isEqualTo(headers);
            assertThat(replayed.topic()).isEqualTo(event.topic());
            assertThat(replayed.partition()).isEqualTo(event.partition());
            assertThat(replayed.key()).isEqualTo(event.key());
            assertThat(replayed.value()).isEqualTo(event.value());
            assertThat(replayed.timestampMillis()).isEqualTo(event.timestampMillis());
        });
        assertThat(again.values().stream()
                        .filter(event -> event.key().equals("1"))
                        .map(ReadEvent::text))
                .containsExactly("first", "second", "third");
    }

    private void assertPositionsIncrease() {
        Map<String, Position> last = new LinkedHashMap<>();
        for (ReadEvent event : read(source.name() + ".")) {
            if (event.headers().containsKey(EventHeaders.POSITION)) {
                Position before = last.put(event.topic() + "-" + event.partition(), event.position());
                assertThat(before == null || before.compareTo(event.position()) < 0)
                        .as("%s after %s", event, before)
                        .isTrue();
            }
        }
    }

    @Test
    void selectsByIdAggregateAndTimeIntoAnotherTopic() throws Exception {
        write();
        String id = source.query("select id from outbox.event where event_type = 'Paid'");
        String moment = source.query("select to_char(max(created_at) at time zone 'UTC',"
                + " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') from outbox.event");
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            awaitPublished(relay);

            publish(selection(Optional.empty(), Optional.empty(), Optional.empty(), UUID.fromString(id)), "id");
            publish(selection(Optional.empty(), Optional.of("order"), Optional.of("№2")), "aggregate");
            publish(selection(Optional.of(Instant.parse(moment)), Optional.empty(), Optional.empty()), "time");
        }
        assertThat(read(source.name() + ".again.id").stream().map(ReadEvent::text))
                .containsExactly("second");
        assertThat(read(source.name() + ".again.aggregate").stream().map(ReadEvent::key))
                .containsExactly("№2");
        assertThat(read(source.name() + ".again.time").stream().map(ReadEvent::text))
                .containsExactly("elsewhere");
    }

    private static Selection selection(
            Optional<Instant> from, Optional<String> type, Optional<String> aggregateId, UUID... ids)
            throws ReplayProblem {
        return Selection.of(from, Optional.empty(), List.of(ids), type, aggregateId);
    }

    private void publish(Selection selection, String topic) throws Exception {
        String target = source.name() + ".again." + topic;
        assertThat(replay(selection, Optional.of(target))
                        .publish("r1", OptionalInt.empty())
                        .topics())
                .containsExactly(Map.entry(target, 1L));
    }

    @Test
    void rejectsRowsThatAreNotPublishedYet() throws Exception {
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            source.execute("select outbox.publish('order', '1', 'Placed', 'published')");
            awaitPublished(relay);
        }
        source.execute("select outbox.publish('order', '1', 'Paid', 'not yet')");
        String topic = source.name() + ".again";
        Replay replay = new Replay(source.configuration(), all(), Optional.of(topic), Duration.ofSeconds(1));

        assertThatThrownBy(() -> replay.publish("r1", OptionalInt.empty()))
                .isInstanceOf(ReplayProblem.class)
                .hasMessageContainingAll("has not published all that is committed", "start the relay");

        assertThat(read(topic)).isEmpty();
    }

    @Test
    void rejectsInternalTopicsAndReportsEventsWithoutRoute() throws Exception {
        source.execute(
                "select outbox.publish('order', '1', 'Placed', 'x')",
                "select outbox.publish('stock', '1', 'Placed', 'x')");
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            awaitPublished(relay);
            String yaml = Files.readString(source.configFile());
            Path narrow = Files.writeString(
                    source.dir().resolve("narrow.yml"), yaml.replace("aggregateType: \"*\"", "aggregateType: order"));

            Result partly = tidemark(
                    List.of(),
                    "replay",
                    narrow.toString(),
                    "--from",
                    "1970-01-01T00:00:00Z",
                    "--topic",
                    "again." + source.name());
            Result reserved = tidemark(
                    List.of(),
                    "replay",
                    narrow.toString(),
                    "--aggregate-type",
                    "order",
                    "--topic",
                    "tidemark.positions");
            Result nothing = tidemark(List.of(), "replay", narrow.toString());

            assertThat(partly.exitCode()).as(partly.output()).isEqualTo(1);
            assertThat(partly.output())
                    .contains("1 events were published", "FINDING  1 events cannot be published", "'stock'");
            assertThat(reserved.exitCode()).isEqualTo(1);
            assertThat(reserved.output())
                    .contains("--topic 'tidemark.positions', which is an internal topic of the relay");
            assertThat(nothing.exitCode()).isEqualTo(1);
            assertThat(nothing.output()).contains("nothing says which events to replay");
        }
    }

    /** One and a half times the heap, of which the producer's buffer may use 32 MiB. */
    @Test
    void usesNoMoreMemoryForMoreRows() throws Exception {
        source.execute("insert into outbox.event (aggregate_type, aggregate_id, event_type, payload)"
                + " select 'order', n::text, 'Placed', repeat(md5(n::text), 1600) from generate_series(1, 2500) n");
        String topic = source.name() + ".again";
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            awaitPublished(relay);

            Result replayed = tidemark(
                    List.of("-Xmx80m"),
                    "replay",
                    source.configFile().toString(),
                    "--aggregate-type",
                    "order",
                    "--topic",
                    topic,
                    "--yes",
                    "--json");

            assertThat(replayed.exitCode()).as(replayed.output()).isZero();
            assertThat(replayed.json().path("events").asInt()).isEqualTo(2500);
        }
    }
}
