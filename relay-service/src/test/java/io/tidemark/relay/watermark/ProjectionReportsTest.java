// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.config.ProjectionConfig;
import io.tidemark.relay.config.WatermarkConfig;
import io.tidemark.relay.declared.GroupReading;
import io.tidemark.relay.group.GroupOffsets;
import io.tidemark.relay.group.PartitionNeed;
import io.tidemark.relay.index.IndexEntry;
import io.tidemark.relay.index.IndexSteps;
import io.tidemark.relay.index.PublishedIndex;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.timeline.TimelineHistory;
import io.tidemark.relay.watermark.ProjectionReports.Requirement;
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
class ProjectionReportsTest {

    private static final SourceIdentity SHOP = new SourceIdentity("7f3a9c21", "71", "shop", 1);
    private static final ProjectionConfig VIEW = new ProjectionConfig("view", "group", List.of("orders"), null);
    private static final Lsn LSN = new Lsn(100);

    private final PublishedIndex index = IndexSteps.empty();
    private final ProjectionWaiters waiters =
            new ProjectionWaiters(VIEW, index, ProjectionWaitersTest.grounds(VIEW, index));
    private final GroupOffsets groups = new GroupOffsets(new KafkaConfig("127.0.0.1:1", null, null, null));
    private final WatermarkThread thread = new WatermarkThread();
    private final ProjectionReports reports = new ProjectionReports(
            (projection, token, waitMillis) -> new CompletableFuture<>(),
            () -> Optional.of(new ServedSource(SHOP, TimelineHistory.none(1))),
            Map.of("view", waiters),
            index,
            new GroupPolling(List.of(waiters), index, groups, thread, () -> true),
            new Admission(new WatermarkConfig(null, 1, null)),
            thread);

    @BeforeEach
    void sample() {
        index.belongTo(SHOP);
        waiters.seeGroup(new GroupReading(GroupReading.Kind.ABSENT, 0, false, Set.of(), Map.of()), System.nanoTime());
    }

    @AfterEach
    void close() {
        thread.closeAfter(groups::close);
    }

    private Requirement ask() {
        return reports.requirementsWithoutGroups(Token.of("7f3a9c21", 1, LSN), List.of("view"))
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

    @Test
    void freesThePlaceOfALookThatThrows() {
        assertThatThrownBy(() -> reports.limited(() -> {
                    throw new IllegalArgumentException("no projection");
                }))
                .isInstanceOf(IllegalArgumentException.class);

        assertThat(reports.limited(() -> CompletableFuture.completedFuture("done")))
                .isPresent();
    }
}
