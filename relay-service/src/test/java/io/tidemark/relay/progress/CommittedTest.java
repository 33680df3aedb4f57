package io.tidemark.relay.progress;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.OffsetNotes;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class CommittedTest {

    private static final TopicPartition FIRST = new TopicPartition("orders", 0);
    private static final TopicPartition SECOND = new TopicPartition("orders", 1);

    @Test
    void aPartitionWithoutACommitHasNoOffset() {
        Map<TopicPartition, OffsetAndMetadata> answered = new HashMap<>();
        answered.put(FIRST, new OffsetAndMetadata(7));
        answered.put(SECOND, null);

        assertThat(Committed.of(answered)).isEqualTo(new Committed(Map.of(FIRST, 7L), false));
    }

    @Test
    void aGroupIsRebuildingWhenItNotesSoWithAnyPartition() {
        Map<TopicPartition, OffsetAndMetadata> answered = Map.of(
                FIRST, new OffsetAndMetadata(7, "somebody else's note"),
                SECOND, new OffsetAndMetadata(3, OffsetNotes.REBUILDING));

        assertThat(Committed.of(answered)).isEqualTo(new Committed(Map.of(FIRST, 7L, SECOND, 3L), true));
    }
}
