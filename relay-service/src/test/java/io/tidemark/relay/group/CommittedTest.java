// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.outbox.OffsetNotes;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class CommittedTest {

    private static final TopicPartition FIRST = new TopicPartition("orders", 0);
    private static final TopicPartition SECOND = new TopicPartition("orders", 1);

    private static final TopicPartition OTHER = new TopicPartition("customers", 0);

    @Test
    void aPartitionWithoutACommitHasNoOffset() {
        Map<TopicPartition, OffsetAndMetadata> answered = new HashMap<>();
        answered.put(FIRST, new OffsetAndMetadata(7));
        answered.put(SECOND, null);

        assertThat(Committed.of(Set.of(FIRST, SECOND), answered)).isEqualTo(new Committed(Map.of(FIRST, 7L), Set.of()));
    }

    @Test
    void aPartitionThatIsNotAnsweredForIsNotTakenForOneWithoutACommit() {
        assertThatThrownBy(() -> Committed.of(Set.of(FIRST, SECOND), Map.of(FIRST, new OffsetAndMetadata(7))))
                .isInstanceOf(KafkaException.class)
                .hasMessageContaining("orders-1");
    }

    @Test
    void aGroupIsRebuildingWhenItNotesSoWithAnyPartition() {
        Map<TopicPartition, OffsetAndMetadata> answered = Map.of(
                FIRST, new OffsetAndMetadata(7, "somebody else's note"),
                SECOND, new OffsetAndMetadata(3, OffsetNotes.REBUILDING));

        Committed committed = Committed.of(Set.of(FIRST, SECOND), answered);

        assertThat(committed.isRebuilding()).isTrue();
        assertThat(committed.offsets()).isEqualTo(Map.of(FIRST, 7L, SECOND, 3L));
    }

    @Test
    void whatIsOfOtherTopicsIsOthers() {
        Committed committed = new Committed(Map.of(FIRST, 7L, OTHER, 9L), Set.of(OTHER));

        assertThat(committed.in(Set.of("orders"))).isEqualTo(new Committed(Map.of(FIRST, 7L), Set.of()));
    }
}
