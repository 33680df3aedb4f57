// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.dropwizard.util.Duration;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.ProjectionConfig;
import io.tidemark.relay.group.GroupState;
import io.tidemark.relay.health.RelayState;
import io.tidemark.relay.http.server.RequestFilter;
import io.tidemark.relay.metrics.MetricsSnapshot;
import io.tidemark.relay.watermark.ProjectionStanding;
import jakarta.ws.rs.WebApplicationException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The ring of samples, with a separate clock. */
class HistoryTest {

    private static final MetricsSnapshot NOTHING_KNOWN = with(List.of());

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final RequestFilter requests = new RequestFilter(registry, List.of("view"));
    private long nowMillis = 1_000_000;
    private final History history = new History(() -> NOTHING_KNOWN, registry, () -> nowMillis);
    private final HistoryResource resource = new HistoryResource(history);

    private static MetricsSnapshot with(List<ProjectionStanding> projections) {
        return new MetricsSnapshot(
                RelayState.Phase.STARTING,
                Optional.empty(),
                Lsn.ZERO,
                Optional.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                projections,
                3,
                false,
                OptionalDouble.empty(),
                0,
                Optional.empty());
    }

    private static ProjectionStanding standing(String name) {
        return new ProjectionStanding(
                new ProjectionConfig(name, null, List.of("outbox.order"), Duration.minutes(1)),
                Lsn.ZERO,
                Lsn.ZERO,
                List.of(),
                7,
                OptionalDouble.empty(),
                GroupState.RUNNING,
                1,
                2,
                "",
                "group-running");
    }

    private void sampleFor(int minutes) {
        for (int i = 0; i < minutes * 60 / History.PERIOD_SECONDS; i++) {
            nowMillis += TimeUnit.SECONDS.toMillis(History.PERIOD_SECONDS);
            history.sample();
        }
    }

    @Test
    void keepsAnHourAndNoMore() {
        sampleFor(90);

        assertThat(history.last(60)).hasSize(720);
        assertThat(resource.history("1").path("timesMillis")).hasSize(13);
    }

    @Test
    void keepsLessThanAnHourOfManyProjections() {
        MetricsSnapshot many =
                with(IntStream.range(0, 1000).mapToObj(i -> standing("p" + i)).toList());
        try (History ofMany = new History(() -> many, registry, () -> nowMillis)) {
            for (int i = 0; i < 100; i++) {
                ofMany.sample();
            }

            assertThat(ofMany.last(60)).hasSize(36);
        }
    }

    @Test
    void showsNullForWhatIsNotKnownAndNotZero() {
        sampleFor(1);

        JsonNode body = resource.history(null);
        assertThat(body.at("/walHeadBytes/0").isNull()).isTrue();
        assertThat(body.at("/publishedBytes/0").isNull()).isTrue();
        assertThat(body.at("/waits/successP50Seconds/0").isNull()).isTrue();
        assertThat(body.at("/waiting/0").asInt()).isEqualTo(3);
        assertThat(body.path("scope").asText()).isEqualTo("this-replica");
    }

    @Test
    void countsWaitsOfTheMinuteBeforeEachSample() {
        sampleFor(3);
        for (int i = 0; i < 10; i++) {
            requests.count("success", "view", i == 9 ? 2 : 0.02);
        }
        sampleFor(1);

        JsonNode waits = resource.history("1").path("waits");
        int last = waits.at("/perMinute/success").size() - 1;
        assertThat(waits.at("/perMinute/success").get(last).asInt()).isEqualTo(10);
        assertThat(waits.path("successP50Seconds").get(last).asDouble()).isEqualTo(0.025);
        assertThat(waits.path("successP99Seconds").get(last).asDouble()).isEqualTo(2.5);
        sampleFor(2);
        assertThat(resource.history("1").at("/waits/perMinute/success/12").asInt())
                .isZero();
    }

    @Test
    void rejectsMinutesOutsideOfTheHour() {
        for (String minutes : List.of("0", "61", "x", "-1", "999")) {
            assertThatThrownBy(() -> resource.history(minutes)).isInstanceOf(WebApplicationException.class);
        }
    }
}
