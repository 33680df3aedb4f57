package io.tidemark.consumers.projection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidemark.consumers.projection.FailurePolicy.Afterwards;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/** Bad settings are refused with their name and a way out. */
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
    void theGroupIsTheProjectionUnlessItIsSet() {
        assertThat(config(Map.of("bootstrap.servers", "k:1")).groupId(projection()))
                .isEqualTo("orders-view");
        assertThat(config(Map.of("bootstrap.servers", "k:1", "group.id", "g")).groupId(projection()))
                .isEqualTo("g");
    }

    @Test
    void aGenerationThatIsBuiltHasAGroupOfItsOwnAndAHandlerOfItsOwn() {
        List<Integer> made = new ArrayList<>();
        Projection third = Projection.ofGeneration("orders-view", 3, List.of("t"), generation -> {
            made.add(generation);
            return (events, connection) -> {};
        });

        assertThat(made).containsExactly(3);
        assertThat(config(Map.of("bootstrap.servers", "k:1", "group.id", "g")).buildingGroupId(third))
                .isEqualTo("g-g3");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Projection.ofGeneration("v", 0, List.of("t"), number -> (events, connection) -> {}))
                .withMessageContaining("generation of projection v must be 1 or more, not 0");
    }

    @Test
    void whatExactlyOnceRestsOnCannotBeSet() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> config(Map.of("bootstrap.servers", "k:1", "enable.auto.commit", true)))
                .withMessageContaining("enable.auto.commit")
                .withMessageContaining("remove it");
        assertThat(config(Map.of("bootstrap.servers", "k:1")).consumerProperties(projection(), "orders-view"))
                .containsEntry("isolation.level", "read_committed")
                .containsEntry("enable.auto.commit", false)
                .containsEntry("auto.offset.reset", "none")
                .containsEntry("group.id", "orders-view");
    }

    @Test
    void whatIsMissingOrAbsurdIsNamed() {
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

    @Test
    void delaysDoubleUpToTheLongestAndHalfOfThemIsChance() {
        FailurePolicy policy =
                new FailurePolicy(10, Duration.ofMillis(100), Duration.ofSeconds(1), new Afterwards.StopPartition());
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < 1000; i++) {
            assertThat(policy.delayAfter(1, random).toMillis()).isBetween(50L, 100L);
            assertThat(policy.delayAfter(3, random).toMillis()).isBetween(200L, 400L);
            assertThat(policy.delayAfter(900, random).toMillis()).isBetween(500L, 1000L);
        }
    }
}
