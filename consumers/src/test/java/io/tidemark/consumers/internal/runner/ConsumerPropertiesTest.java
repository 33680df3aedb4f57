// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.runner;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.consumers.Projection;
import io.tidemark.consumers.RunnerConfig;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

class ConsumerPropertiesTest {

    private static final DataSource DATABASE = (DataSource) Proxy.newProxyInstance(
            ConsumerPropertiesTest.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (proxy, method, arguments) -> {
                throw new AssertionError("not to be used");
            });

    private static ConsumerProperties properties(int generation, Map<String, Object> kafka) {
        Projection projection = Projection.ofGeneration(
                "orders-view", generation, List.of("outbox.order"), number -> (events, connection) -> {});
        return new ConsumerProperties(projection, RunnerConfig.of(DATABASE, kafka));
    }

    @Test
    void usesTheProjectionsNameAsGroupByDefault() {
        assertThat(properties(1, Map.of("bootstrap.servers", "k:1")).group()).isEqualTo("orders-view");
        assertThat(properties(1, Map.of("bootstrap.servers", "k:1", "group.id", "g"))
                        .group())
                .isEqualTo("g");
    }

    @Test
    void usesASeparateGroupForAGenerationThatIsBuilt() {
        assertThat(properties(3, Map.of("bootstrap.servers", "k:1", "group.id", "g"))
                        .buildingGroup())
                .isEqualTo("g-g3");
    }

    @Test
    void setsThePropertiesOnWhichExactlyOnceDepends() {
        assertThat(properties(1, Map.of("bootstrap.servers", "k:1")).inGroup("orders-view"))
                .containsEntry("isolation.level", "read_committed")
                .containsEntry("enable.auto.commit", false)
                .containsEntry("auto.offset.reset", "none")
                .containsEntry("group.id", "orders-view");
    }
}
