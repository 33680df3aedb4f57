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
 * An idempotent producer without transactions: what it sends is readable at once, in order, and counts for nobody's
 * position. One thread; after a failure only good for closing. Kafka's client bounds what is under way (32 MiB).
 */
public final class PlainPublisher implements AutoCloseable {

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    private final Producer<byte[], byte[]> producer;
    private volatile @Nullable PublishFailure failure;
    /** Whose exceptions no other event has had so far, each with its event. */
    private final IdentityHashMap<Exception, Delivery> refusals = new IdentityHashMap<>();

    /** Told at most once what became of an event, on the sending thread or one of the producer's. */
    public interface Delivery {

        /** Kafka has it. */
        void acknowledged();

        /**
         * Kafka does not take this one, for what it is; others are sent all the same.
         *
         * @param reason goes on after the event's name
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
                        ProducerConfig.BATCH_SIZE_CONFIG, 256 * 1024,
                        ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 30_000,
                        ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 10_000,
                        ProducerConfig.MAX_BLOCK_MS_CONFIG, 30_000));
        properties.put(ProducerConfig.ACKS_CONFIG, "all");
        properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        return properties;
    }

    /**
     * Returns once it is under way; waits while too much is.
     *
     * @param delivery not told when it fails for another reason: then the next call does
     */
    @SuppressWarnings("FutureReturnValueIgnored") // the callback hears of it
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
            throwFailure(); // an earlier one says more
            throw PublishFailure.of(e);
        }
    }

    /**
     * A batch that is refused as a whole fails all its records with the same exception, and nobody says for which: so one
     * is taken to be refused for what it is only when the batch is through, and none of the others had that exception.
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
