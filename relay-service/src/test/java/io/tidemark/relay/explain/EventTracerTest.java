// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.RouteConfig;
import io.tidemark.relay.source.Nudges;
import io.tidemark.relay.source.SourceDatabase;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class EventTracerTest {

    private static final int AT_ONCE = 18;
    private static final PostgresConfig POSTGRES =
            new PostgresConfig("jdbc:postgresql://127.0.0.1:1/shop", "u", "p", null, null, null, null);

    /** The database accepts connections and never answers, so that no question is answered. */
    @Test
    void turnsAwayMoreQuestionsThanItCanWorkOn() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            String url = "jdbc:postgresql://127.0.0.1:" + silent.getLocalPort() + "/shop";
            PostgresConfig postgres = new PostgresConfig(url, "u", "p", null, null, null, null);
            RelayConfiguration config = new RelayConfiguration(
                    postgres,
                    new KafkaConfig("127.0.0.1:1", null, null, null),
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null);
            SourceDatabase database = new SourceDatabase(postgres);
            try (Nudges nudges = new Nudges(database);
                    EventTracer tracer = new EventTracer(config, database, nudges, Optional::empty)) {
                List<CompletableFuture<EventTrace>> asked = new ArrayList<>();
                for (int n = 0; n < AT_ONCE; n++) {
                    asked.add(tracer.trace(new UUID(0, n), Optional.empty()).toCompletableFuture());
                }

                CompletableFuture<EventTrace> oneMore =
                        tracer.trace(new UUID(0, AT_ONCE), Optional.empty()).toCompletableFuture();

                assertThat(asked).noneMatch(CompletableFuture::isDone);
                assertThatThrownBy(oneMore::join).hasCauseInstanceOf(EventTracer.Busy.class);
            }
        }
    }

    @Test
    void looksOnlyIntoTopicsThatEventsMayBeIn() {
        try (Nudges nudges = new Nudges(new SourceDatabase(POSTGRES));
                EventTracer tracer = tracer(nudges, null)) {
            assertThat(tracer.mayLookInto("outbox.order")).isTrue();
            assertThat(tracer.mayLookInto("payments")).isFalse();
            assertThat(tracer.mayLookInto("__consumer_offsets")).isFalse();
            assertThat(tracer.mayLookInto("tidemark.positions")).isFalse();
        }
    }

    @Test
    void looksIntoNoOwnTopicIfARouteMatchesEveryName() {
        RouteConfig every = new RouteConfig("*", "{aggregateType}", false, RouteConfig.OnPoison.HALT);
        try (Nudges nudges = new Nudges(new SourceDatabase(POSTGRES));
                EventTracer tracer = tracer(nudges, List.of(every))) {
            assertThat(tracer.mayLookInto("payments")).isTrue();
            assertThat(tracer.mayLookInto("__consumer_offsets")).isFalse();
            assertThat(tracer.mayLookInto("tidemark.positions")).isFalse();
        }
    }

    private static EventTracer tracer(Nudges nudges, @Nullable List<RouteConfig> routes) {
        RelayConfiguration config = new RelayConfiguration(
                POSTGRES,
                new KafkaConfig("127.0.0.1:1", null, null, null),
                null,
                routes,
                null,
                null,
                null,
                null,
                null,
                null,
                null);
        return new EventTracer(config, new SourceDatabase(POSTGRES), nudges, Optional::empty);
    }
}
