// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publish;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Position;
import io.tidemark.relay.publish.KafkaTransaction.End;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Kafka's answers to the records of the open transaction: their offsets, or their failures. On the producer's I/O
 * thread, except for calls before the first record is sent and after the commit has returned.
 */
final class Acknowledgements {

    private final int mostEnds;
    private final Map<TopicPartition, List<End>> ends = new HashMap<>();
    private int endCount;
    private final SendFailures failures = new SendFailures();
    private boolean hasAny;
    private long firstAt;

    /** @param mostEnds from this number on, neighbours are merged */
    Acknowledgements(int mostEnds) {
        this.mostEnds = mostEnds;
    }

    void clear() {
        ends.clear();
        endCount = 0;
        hasAny = false;
        failures.clear();
    }

    /** May be called at any time. */
    SendFailures failures() {
        return failures;
    }

    Map<TopicPartition, List<End>> ends() {
        return Map.copyOf(ends);
    }

    /** When the first answer came, by {@link System#nanoTime}. */
    long firstAt() {
        return firstAt;
    }

    /**
     * Takes the answer to one record.
     *
     * @param metadata where the record is, if it did not fail
     * @param event null for a record that does not count for any watermark
     */
    void take(RecordMetadata metadata, @Nullable Exception failure, @Nullable Position event) {
        if (!hasAny) {
            hasAny = true;
            firstAt = System.nanoTime();
        }
        if (failure != null) {
            failures.add(failure, event);
        } else if (!metadata.hasOffset()) {
            failures.addUnknownOffset();
        } else if (event != null) {
            TopicPartition partition = new TopicPartition(metadata.topic(), metadata.partition());
            addEnd(ends.computeIfAbsent(partition, p -> new ArrayList<>()), event.commitLsn(), metadata.offset() + 1);
        }
    }

    /** Ends arrive in the order of a partition's offsets. If one does not, a single end stands for all. */
    private void addEnd(List<End> ofPartition, Lsn commitLsn, long endOffset) {
        if (ofPartition.isEmpty()) {
            ofPartition.add(new End(commitLsn, endOffset));
            endCount++;
            return;
        }
        End last = ofPartition.get(ofPartition.size() - 1);
        if (endOffset <= last.endOffset() || last.firstLsn().isAfter(commitLsn)) {
            Lsn first = ofPartition.get(0).firstLsn();
            ofPartition.clear();
            ofPartition.add(
                    new End(first.isAfter(commitLsn) ? commitLsn : first, Math.max(endOffset, last.endOffset())));
        } else if (endCount >= mostEnds || last.firstLsn().equals(commitLsn)) {
            ofPartition.set(ofPartition.size() - 1, new End(last.firstLsn(), endOffset));
        } else {
            ofPartition.add(new End(commitLsn, endOffset));
            endCount++;
        }
    }
}
