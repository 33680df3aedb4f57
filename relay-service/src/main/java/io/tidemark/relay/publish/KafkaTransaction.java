// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publish;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Position;
import io.tidemark.relay.route.OutgoingEvent;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * A sequence of Kafka transactions: {@link #begin}, {@link #send}…, {@link #commit}. After any failure except a refusal
 * it can only be closed. One thread.
 */
public interface KafkaTransaction {

    /**
     * What source transactions added to a partition: one transaction, or a few neighbours.
     *
     * @param firstLsn the lowest commit LSN among their events there
     * @param endOffset the offset after the last of them
     */
    record End(Lsn firstLsn, long endOffset) {}

    void begin() throws PublishFailure;

    /**
     * Why the event is too large to be sent, while its dead letter is not; known without sending it. Null when it is
     * not too large.
     */
    @Nullable
    String tooLarge(OutgoingEvent event);

    /**
     * Adds the event to the transaction; {@link #commit} shows whether Kafka accepted it.
     *
     * @param position null for an event that no watermark depends on
     */
    void send(OutgoingEvent event, @Nullable Position position) throws PublishFailure;

    /**
     * Adds the last records, usually the position, and commits. When this returns, everything is readable. When it
     * throws, the outcome is settled only by {@link #takeBackIfRefused} or by initializing a new producer.
     *
     * @param records key to value, null for a tombstone, for partition 0 of {@code topic}
     * @return what was added to each partition
     */
    Map<TopicPartition, List<End>> commit(String topic, Map<String, byte @Nullable []> records) throws PublishFailure;

    /**
     * When Kafka acknowledged a record of the committed transaction for the first time, by {@link System#nanoTime}.
     * Meaningful between {@link #commit} and the next {@link #begin}.
     */
    long firstAcknowledgedAt();

    /**
     * After a failure: takes the transaction back if it failed because of one event alone. The events can then be sent
     * again without it.
     *
     * @return that event; empty when the transaction failed for any other reason, and is not taken back
     */
    Optional<Refusal> takeBackIfRefused() throws PublishFailure;

    /** Takes back everything sent since {@link #begin}; no reader of committed records ever sees it. */
    void abort() throws PublishFailure;
}
