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
 * One Kafka transaction after another: {@link #begin}, {@link #send}…, {@link #commit}. After any failure but a refusal
 * it is only good for closing. One thread.
 */
public interface KafkaTransaction {

    /**
     * What source transactions added to a partition, one or a few neighbours.
     *
     * @param firstLsn the lowest commit LSN among their events there
     * @param endOffset the offset after the last of them
     */
    record End(Lsn firstLsn, long endOffset) {}

    void begin() throws PublishFailure;

    /** Why the event, and no dead letter, is too large to be sent: known without sending it. Null when it is not. */
    @Nullable
    String tooLarge(OutgoingEvent event);

    /**
     * Adds the event to the transaction; whether Kafka took it shows at {@link #commit}.
     *
     * @param position null for an event that no watermark depends on
     */
    void send(OutgoingEvent event, @Nullable Position position) throws PublishFailure;

    /**
     * Adds the last records, mostly the position, and commits. When this returns, all is readable; when it throws,
     * whether it is is settled only by {@link #takeBackIfRefused} or by initializing a fresh producer.
     *
     * @param records key to value, a tombstone where it is null, for partition 0 of {@code topic}
     * @return what was added where
     */
    Map<TopicPartition, List<End>> commit(String topic, Map<String, byte @Nullable []> records) throws PublishFailure;

    /**
     * After a failure: takes the transaction back if it failed for one event alone. The events can then be sent again
     * without it.
     *
     * @return that event; empty when it failed for anything else, and is not taken back
     */
    Optional<Refusal> takeBackIfRefused() throws PublishFailure;

    /** Takes back everything sent since {@link #begin}; no reader of committed records ever sees it. */
    void abort() throws PublishFailure;
}
