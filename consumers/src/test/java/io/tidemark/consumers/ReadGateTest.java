// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.consumers.internal.progress.Generations;
import io.tidemark.consumers.internal.progress.ProgressTable.Partition;
import io.tidemark.consumers.internal.relay.TokenOffsets;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.WatermarkStatus;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/** The gate's requests to relays. Its snapshots need a real database and are tested in WatermarkedReadsIT. */
class ReadGateTest {

    private static final Token TOKEN = Token.of("7f3a9c21", 1, Lsn.parse("A/1B2C3D40"));
    private static final String NOT_PUBLISHED =
            "{\"published\":false,\"projections\":[{\"projection\":\"v\",\"status\":\"timeout\",\"partitions\":[]}]}";
    private static final String IN_SOURCE = "{\"status\":\"timeout\",\"phase\":\"source\",\"projection\":\"v\"}";
    private static final String DIVERGED = "{\"published\":false,\"projections\":[{\"projection\":\"v\","
            + "\"status\":\"diverged\",\"reason\":\"lost in a failover\",\"partitions\":[]}]}";

    private static final DataSource UNUSED = (DataSource) Proxy.newProxyInstance(
            ReadGateTest.class.getClassLoader(), new Class<?>[] {DataSource.class}, (proxy, method, arguments) -> {
                throw new AssertionError("not to be used");
            });

    /** Each of the relay's waits is shorter than the caller's. */
    @Test
    void asksUntilTheTokenIsPublishedOrTheTimeoutExpires() throws Exception {
        try (FakeRelay relay = new FakeRelay()
                .then(200, NOT_PUBLISHED)
                .then(200, IN_SOURCE)
                .then(200, IN_SOURCE)
                .then(200, IN_SOURCE)
                .then(200, "{\"status\":\"diverged\",\"projection\":\"v\"}")
                .then(200, DIVERGED)) {
            ReadGate gate = new ReadGate("v", UNUSED, new WatermarkClient(List.of(relay.url())));

            GatedRead<Integer> read = gate.read(TOKEN, Duration.ofSeconds(20), snapshot -> 1);

            assertThat(read)
                    .isEqualTo(new GatedRead.NotFresh<>(
                            WatermarkStatus.DIVERGED, "lost in a failover", List.of(), Optional.of(TOKEN)));
            assertThat(relay.requests).hasSize(6);
        }
    }

    @Test
    void returnsTimeoutIfTheTokenIsNotPublishedInTime() throws Exception {
        try (FakeRelay relay = new FakeRelay().then(200, NOT_PUBLISHED).then(200, IN_SOURCE)) {
            ReadGate gate = new ReadGate("v", UNUSED, new WatermarkClient(List.of(relay.url())));

            GatedRead<Integer> read = gate.read(TOKEN, Duration.ofMillis(200), snapshot -> 1);

            assertThat(read)
                    .isEqualTo(new GatedRead.NotFresh<>(
                            WatermarkStatus.TIMEOUT, "the token is not published yet", List.of(), Optional.of(TOKEN)));
        }
    }

    @Test
    void partitionWithoutProgressIsBehindFromOffsetZero() {
        Partition first = new Partition("outbox.order", 0);
        Partition second = new Partition("outbox.order", 1);

        assertThat(ReadGate.behind(Map.of(first, need(3, ""), second, need(7, "")), Map.of(first, applied(3, ""))))
                .containsExactly(new WatermarkAnswer.Behind("outbox.order", 1, 7, 0));
        assertThat(ReadGate.behind(Map.of(first, need(3, "")), Map.of(first, applied(4, ""))))
                .isEmpty();
    }

    /** Its program stands still at the old offset, and nothing of the new topic is applied. */
    @Test
    void progressInATopicThatWasMadeAgainDoesNotCount() {
        Partition partition = new Partition("outbox.order", 0);

        assertThat(ReadGate.behind(Map.of(partition, need(4, "new")), Map.of(partition, applied(1000, "old"))))
                .containsExactly(new WatermarkAnswer.Behind("outbox.order", 0, 4, 0));
        for (String known : List.of("new", "")) { // a program that may not describe the topic knows no id
            assertThat(ReadGate.behind(Map.of(partition, need(4, "new")), Map.of(partition, applied(4, known))))
                    .isEmpty();
        }
        assertThat(ReadGate.behind(Map.of(partition, need(4, "")), Map.of(partition, applied(4, "new"))))
                .as("a relay before 0.2 names no id")
                .isEmpty();
    }

    private static TokenOffsets.Need need(long offset, String topicId) {
        return new TokenOffsets.Need(offset, known(topicId));
    }

    private static Generations.Progress applied(long nextOffset, String topicId) {
        return new Generations.Progress(nextOffset, true, known(topicId));
    }

    private static Optional<String> known(String topicId) {
        return Optional.of(topicId).filter(id -> !id.isEmpty());
    }

    @Test
    void asksARelayForTheMomentThenForItsOffsets() throws Exception {
        String moment =
                "{\"status\":\"timeout\",\"phase\":\"projection\",\"projection\":\"v\",\"token\":\"" + TOKEN + "\"}";
        try (FakeRelay relay = new FakeRelay().then(200, moment).then(200, DIVERGED)) {
            ReadGate gate = new ReadGate("v", UNUSED, new WatermarkClient(List.of(relay.url())));

            gate.read(Freshness.now(), Duration.ofSeconds(1), snapshot -> 1);
            assertThat(relay.requests.get(0)).contains("/v1/projections/v/watermark?token=now&wait=0ms");
            assertThat(relay.requests.get(1)).contains("/v1/tokens/" + TOKEN);
        }
        try (FakeRelay relay = new FakeRelay().then(200, moment).then(200, DIVERGED)) {
            ReadGate gate = new ReadGate("v", UNUSED, new WatermarkClient(List.of(relay.url())));

            GatedRead<Integer> read =
                    gate.read(Freshness.within(Duration.ofSeconds(4)), Duration.ofSeconds(1), snapshot -> 1);
            assertThat(relay.requests.get(0)).contains("maxStaleness=2000ms&wait=0ms");
            assertThat(read).isInstanceOf(GatedRead.NotFresh.class);
        }
    }

    /** An answer that stands for nothing must not be taken for a moment. */
    @Test
    void returnsTheReasonIfARelayNamesNoMoment() throws Exception {
        try (FakeRelay relay = new FakeRelay().then(200, "{\"status\":\"unknown\",\"reason\":\"no\",\"token\":null}")) {
            ReadGate gate = new ReadGate("v", UNUSED, new WatermarkClient(List.of(relay.url())));

            assertThat(gate.read(Freshness.now(), Duration.ofSeconds(1), snapshot -> 1))
                    .isEqualTo(new GatedRead.NotFresh<>(WatermarkStatus.UNKNOWN, "no", List.of(), Optional.empty()));
            assertThatThrownBy(() -> gate.read(Freshness.within(Duration.ofMillis(150)), Duration.ZERO, snapshot -> 1))
                    .hasMessageContaining("200 ms or more");
        }
    }
}
