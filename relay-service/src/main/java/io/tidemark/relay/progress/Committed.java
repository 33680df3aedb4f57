package io.tidemark.relay.progress;

import io.tidemark.outbox.OffsetNotes;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * What a group has committed.
 *
 * @param offsets of each partition that has a commit
 * @param isRebuilding whether the group has noted with one of them that it builds its projection anew
 */
public record Committed(Map<TopicPartition, Long> offsets, boolean isRebuilding) {

    /** Of a group that has committed nothing. */
    public static final Committed NOTHING = new Committed(Map.of(), false);

    public Committed {
        offsets = Map.copyOf(offsets);
    }

    static Committed of(Map<TopicPartition, OffsetAndMetadata> answered) {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        boolean isRebuilding = false;
        for (Map.Entry<TopicPartition, OffsetAndMetadata> entry : answered.entrySet()) {
            OffsetAndMetadata offset = entry.getValue();
            if (offset != null) {
                offsets.put(entry.getKey(), offset.offset());
                isRebuilding |= offset.metadata().equals(OffsetNotes.REBUILDING);
            }
        }
        return new Committed(offsets, isRebuilding);
    }
}
