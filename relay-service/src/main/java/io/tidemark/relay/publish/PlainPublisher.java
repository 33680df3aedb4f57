// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publish;

import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.route.OutgoingEvent;
import java.time.Duration;
import java.util.IdentityHashMap;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * An idempotent producer without transactions: its records are readable at once, in order, and count for no position.
 * One thread; after a failure it can only be closed. Kafka's client bounds the bytes in flight (32 MiB).
 */
public final class PlainPublisher implements AutoCloseable {

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    private final Producer<byte[], byte[]> producer;
    private volatile @Nullable PublishFailure failure;
    /** Exceptions that only one event has had so far, each with its event. */
    private final IdentityHashMap<Exception, Delivery> refusals = new IdentityHashMap<>();

    /** Receives at most one outcome for an event, on the sending thread or one of the producer's. */
    public interface Delivery {

        /** Kafka has the event. */
        void acknowledged();

        /**
         * Kafka refuses this event because of its content; other events are sent nevertheless.
         *
         * @param reason worded to follow the event's name
         */
        void refused(String reason);
    }

    public PlainPublisher(KafkaConfig kafka, String clientId) {
        this(new KafkaProducer<>(properties(kafka, clientId), new ByteArraySerializer(), new ByteArraySerializer()));
    }

    PlainPublisher(Producer<byte[], byte[]> producer) {
        this.producer = producer;
    }

    private static Map<String, Object> properties(KafkaConfig kafka, String clientId) {
        Map<String, Object> properties = kafka.client(
                clientId,
                Map.of(
                        ProducerConfig.LINGER_MS_CONFIG, 5,
                        ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 30_000,
                        ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 10_000,
                        ProducerConfig.MAX_BLOCK_MS_CONFIG, 30_000));
        properties.put(ProducerConfig.ACKS_CONFIG, "all");
        properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        return properties;
    }

    /**
     * Returns once the event is in flight; waits while too many bytes are.
     *
     * @param delivery not called when the event fails for another reason: the next call throws that failure
     */
    @SuppressWarnings("FutureReturnValueIgnored") // the callback gets the failure
    public void send(OutgoingEvent event, Delivery delivery) throws PublishFailure {
        throwFailure();
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(event.topic(), null, event.timestampMillis(), event.key(), event.value());
        for (OutgoingEvent.OutgoingHeader header : event.headers()) {
            record.headers().add(new RecordHeader(header.name(), header.value()));
        }
        try {
            producer.send(record, (metadata, problem) -> ended(delivery, problem));
        } catch (KafkaException e) {
            throwFailure(); // an earlier failure is more informative
            throw PublishFailure.of(e);
        }
    }

    /**
     * When a batch is refused as a whole, all its records fail with the same exception, and nothing identifies the
     * record at fault. So a record counts as refused only when the batch has ended and no other record had that
     * exception.
     */
    private synchronized void ended(Delivery delivery, @Nullable Exception problem) {
        if (problem == null) {
            tellRefusals(); // batches end one after the other
            delivery.acknowledged();
        } else if (failure == null && SendFailures.isAboutOneRecord(problem) && !refusals.containsKey(problem)) {
            refusals.put(problem, delivery);
        } else {
            refusals.remove(problem);
            if (failure == null) {
                failure = PublishFailure.of(problem);
            }
        }
    }

    private void tellRefusals() {
        refusals.forEach(
                (problem, delivery) -> delivery.refused("is refused by Kafka: " + PublishFailure.text(problem)));
        refusals.clear();
    }

    /** Returns when everything sent before is acknowledged or refused. */
    public void flush() throws PublishFailure {
        producer.flush();
        synchronized (this) {
            tellRefusals();
        }
        throwFailure();
    }

    private void throwFailure() throws PublishFailure {
        PublishFailure earlier = failure;
        if (earlier != null) {
            throw earlier;
        }
    }

    @Override
    public void close() {
        producer.close(CLOSE_TIMEOUT);
    }
}
