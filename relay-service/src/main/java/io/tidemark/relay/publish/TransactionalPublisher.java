// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publish;

import io.tidemark.outbox.Position;
import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.failpoint.Failpoint;
import io.tidemark.relay.route.OutgoingEvent;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * The transactional producer of one run. Used by the publishing thread: {@link #initialize}, then repeatedly
 * {@link #begin}, {@link #send}…, {@link #commit}. After any failure except a refusal it can only be closed.
 */
public final class TransactionalPublisher implements KafkaTransaction, AutoCloseable {

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);
    /** Maximum number of ends kept apart; beyond it, the last end of each partition covers all that follow it there. */
    private static final int MOST_ENDS = 1_000;

    private final KafkaProducer<byte[], byte[]> producer;
    private final Acknowledgements acknowledgements = new Acknowledgements(MOST_ENDS);
    private final int maxEventBytes;

    /** One for each source: a producer that initializes it fences all earlier ones (KIP-98). */
    public static String transactionalId(String sourceId) {
        return "tidemark-" + sourceId;
    }

    /** @param deadLetters whether it must be able to send records larger than an event may be */
    public TransactionalPublisher(KafkaConfig kafka, String transactionalId, boolean deadLetters) {
        SizeLimits limits = SizeLimits.of(kafka);
        Map<String, Object> properties = kafka.client(
                transactionalId,
                Map.of(
                        ProducerConfig.LINGER_MS_CONFIG, 0, // batches form while the last transaction commits
                        // Kafka's default, named for its reason: each partition that is sent to takes this much of
                        // buffer.memory (32 MiB), however little is sent; beyond 2,048 partitions the sender waits for
                        // it
                        ProducerConfig.BATCH_SIZE_CONFIG, 16 * 1024,
                        ProducerConfig.MAX_REQUEST_SIZE_CONFIG, 1024 * 1024,
                        ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 30_000,
                        ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 10_000,
                        ProducerConfig.MAX_BLOCK_MS_CONFIG, 30_000));
        if (deadLetters) {
            properties.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, limits.deadLetter());
        }
        maxEventBytes = deadLetters ? limits.event() : Integer.MAX_VALUE; // else the producer checks the size
        properties.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId);
        properties.put(ProducerConfig.ACKS_CONFIG, "all");
        properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /**
     * Fences every earlier producer of this source, and returns once its last transaction is committed or aborted. Only
     * after that may the position be read.
     */
    public void initialize() throws PublishFailure {
        try {
            producer.initTransactions();
        } catch (KafkaException e) {
            throw PublishFailure.of(e);
        }
    }

    @Override
    public void begin() throws PublishFailure {
        acknowledgements.clear();
        try {
            producer.beginTransaction();
        } catch (KafkaException e) {
            throw PublishFailure.of(e);
        }
    }

    @Override
    public @Nullable String tooLarge(OutgoingEvent event) {
        if (maxEventBytes == Integer.MAX_VALUE) {
            return null;
        }
        long size = SizeLimits.sizeOf(event);
        return size <= maxEventBytes
                ? null
                : "has " + size + " bytes with its headers, and max.request.size is " + maxEventBytes;
    }

    @Override
    public void send(OutgoingEvent event, @Nullable Position position) throws PublishFailure {
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(event.topic(), null, event.timestampMillis(), event.key(), event.value());
        Headers headers = record.headers();
        for (OutgoingEvent.OutgoingHeader header : event.headers()) {
            headers.add(new RecordHeader(header.name(), header.value()));
        }
        send(record, position);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the callback gets the failure, and the commit fails
    private void send(ProducerRecord<byte[], byte[]> record, @Nullable Position event) throws PublishFailure {
        PublishFailure earlier =
                acknowledgements.failures().failure(); // names its own event, which a later failure would not
        if (earlier != null) {
            throw earlier;
        }
        try {
            producer.send(record, (metadata, failure) -> acknowledgements.take(metadata, failure, event));
        } catch (KafkaException e) {
            throw failureOr(e);
        }
    }

    /** A record's own failure is more informative than "the transaction has failed". */
    private PublishFailure failureOr(KafkaException failure) {
        PublishFailure ofARecord = acknowledgements.failures().failure();
        return ofARecord != null ? ofARecord : PublishFailure.of(failure);
    }

    @Override
    public Optional<Refusal> takeBackIfRefused() throws PublishFailure {
        if (!acknowledgements.failures().suggestsRefusal()) {
            return Optional.empty();
        }
        abort(); // returns when all callbacks have been made
        return acknowledgements.failures().refusal();
    }

    @Override
    public void abort() throws PublishFailure {
        try {
            producer.abortTransaction();
        } catch (KafkaException | IllegalStateException e) { // the latter after a commit that has timed out
            throw PublishFailure.of(e);
        }
    }

    @Override
    public Map<TopicPartition, List<End>> commit(String topic, Map<String, byte @Nullable []> records)
            throws PublishFailure {
        for (Map.Entry<String, byte @Nullable []> record : records.entrySet()) {
            byte[] key = record.getKey().getBytes(StandardCharsets.UTF_8);
            send(new ProducerRecord<>(topic, 0, key, record.getValue()), null);
        }
        Failpoint.BEFORE_COMMIT.reach();
        try {
            producer.commitTransaction();
        } catch (KafkaException e) {
            throw failureOr(e);
        }
        PublishFailure unknownOffset = acknowledgements.failures().failure();
        if (unknownOffset != null) {
            throw unknownOffset; // committed; the next run reads the offset
        }
        return acknowledgements.ends();
    }

    @Override
    public long firstAcknowledgedAt() {
        return acknowledgements.firstAt();
    }

    /** Closes without waiting long. The next producer, or the transaction's timeout, aborts an open transaction. */
    @Override
    public void close() {
        producer.close(CLOSE_TIMEOUT);
    }
}
