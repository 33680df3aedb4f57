// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/** Settings out of range are rejected with their name and the fix. */
class SettingsTest {

    private static final DataSource DATABASE = (DataSource) Proxy.newProxyInstance(
            SettingsTest.class.getClassLoader(), new Class<?>[] {DataSource.class}, (proxy, method, arguments) -> {
                throw new AssertionError("not to be used");
            });

    private static RunnerConfig config(Map<String, Object> kafka) {
        return RunnerConfig.of(DATABASE, kafka);
    }

    private static Projection projection() {
        return Projection.of("orders-view", List.of("outbox.order"), (event, connection) -> {});
    }

    @Test
    void createsTheHandlerOfItsGeneration() {
        List<Integer> made = new ArrayList<>();
        Projection third = Projection.ofGeneration("orders-view", 3, List.of("t"), generation -> {
            made.add(generation);
            return (events, connection) -> {};
        });

        assertThat(made).containsExactly(3);
        assertThat(third.generation()).isEqualTo(3);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Projection.ofGeneration("v", 0, List.of("t"), number -> (events, connection) -> {}))
                .withMessageContaining("generation of projection v must be 1 or more, not 0");
    }

    @Test
    void rejectsPropertiesOnWhichExactlyOnceDepends() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> config(Map.of("bootstrap.servers", "k:1", "enable.auto.commit", true)))
                .withMessageContaining("enable.auto.commit")
                .withMessageContaining("remove it");
    }

    @Test
    void namesSettingsThatAreMissingOrOutOfRange() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> config(Map.of()))
                .withMessageContaining("bootstrap.servers");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> config(Map.of("bootstrap.servers", "k:1")).workers(0))
                .withMessageContaining("workers must be from 1 to 256, not 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Projection.of(" ", List.of("t"), (event, connection) -> {}))
                .withMessageContaining("name is empty");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Projection.of("v", List.of(), (event, connection) -> {}))
                .withMessageContaining("topics of projection v are empty");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> projection().maxBatch(0))
                .withMessageContaining("maxBatch");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FailurePolicy.stopAfter(0))
                .withMessageContaining("attempts must be from 1 to 1000, not 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FailurePolicy.deadLetterAfter(1, ""))
                .withMessageContaining("dead-letter topic is empty");
    }
}
