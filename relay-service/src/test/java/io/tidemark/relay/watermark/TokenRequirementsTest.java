// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.relay.config.ProjectionConfig;
import io.tidemark.relay.declared.GroupReading;
import io.tidemark.relay.group.PartitionNeed;
import io.tidemark.relay.index.IndexEntry;
import io.tidemark.relay.index.IndexSteps;
import io.tidemark.relay.index.PublishedIndex;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.timeline.TimelineHistory;
import io.tidemark.relay.watermark.TokenRequirements.Requirement;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Questions without a group, as the read gate asks them. Kafka does not know the group of the projection. */
class TokenRequirementsTest {

    private static final SourceIdentity SHOP = new SourceIdentity("7f3a9c21", "71", "shop", 1);
    private static final ProjectionConfig VIEW = new ProjectionConfig("view", "group", List.of("orders"), null);
    private static final Lsn LSN = new Lsn(100);

    private final PublishedIndex index = IndexSteps.empty();
    private final ProjectionWaiters waiters =
            new ProjectionWaiters(VIEW, index, ProjectionWaitersTest.grounds(VIEW, index));
    private final WatermarkThread thread = new WatermarkThread();
    private final TokenRequirements requirements = new TokenRequirements(
            (projection, token, waitMillis) -> new CompletableFuture<>(),
            () -> Optional.of(new ServedSource(SHOP, TimelineHistory.none(1))),
            name -> waiters,
            Map::of,
            index,
            thread);

    @BeforeEach
    void sample() {
        index.belongTo(SHOP);
        waiters.seeGroup(new GroupReading(GroupReading.Kind.ABSENT, 0, false, Set.of(), Map.of()), System.nanoTime());
    }

    @AfterEach
    void close() {
        thread.closeAfter(() -> {});
    }

    private Requirement ask() {
        return requirements
                .withoutGroups(Token.of("7f3a9c21", 1, LSN), List.of("view"))
                .toCompletableFuture()
                .join()
                .projections()
                .get(0);
    }

    @Test
    void returnsTimeoutBeforeTheTokenIsPublished() {
        assertThat(ask().answer()).containsInstanceOf(Answer.SourceBehind.class);
    }

    @Test
    void returnsTheNeedsOfAPublishedToken() {
        TopicPartition partition = new TopicPartition("orders", 0);
        IndexSteps.advance(index, Map.of(partition, new IndexEntry.Addition(LSN, 7)), LSN);

        assertThat(ask().answer()).isEmpty();
        assertThat(ask().partitions()).containsExactly(new PartitionNeed("orders", 0, 7, PartitionNeed.UNKNOWN));
    }

    /** Nothing needed would count as consumed, although nothing shows that the projection exists. */
    @Test
    void returnsUnknownIfNothingIsNeededAndKafkaDoesNotKnowTheGroup() {
        IndexSteps.advance(index, Map.of(), LSN);

        assertThat(ask().answer()).containsInstanceOf(Answer.Refused.class);
    }
}
