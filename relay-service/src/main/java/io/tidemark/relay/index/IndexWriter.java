// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.index;

import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.config.ConfigurationProblem;
import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.reason.Reason;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes an index entry for each committed Kafka transaction, from a plain producer and without waiting. Entries are a
 * hint for the other replicas: they may be lost, and never report more than what is committed.
 */
public final class IndexWriter implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(IndexWriter.class);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);
    /** Maximum delay of the loop by an entry: for the topic's metadata, or for room in the producer's buffer. */
    private static final int MAX_BLOCK_MILLIS = 100;
    /** How long entries are dropped after one has timed out: the hint must not slow the events. */
    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private static final long START_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final KafkaConfig kafka;
    private final String sourceId;
    private final byte[] key;
    private Map<String, Object> madeWith;
    private KafkaProducer<byte[], byte[]> producer;
    /** By {@link System#nanoTime}; 0 when not paused. */
    private volatile long pausedUntilNanos;

    private volatile boolean failing;
    private volatile boolean isTurnedAway;

    public IndexWriter(KafkaConfig kafka, String sourceId) {
        this.kafka = kafka;
        this.sourceId = sourceId;
        this.key = sourceId.getBytes(StandardCharsets.UTF_8);
        this.madeWith = properties();
        this.producer = new KafkaProducer<>(madeWith, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /**
     * Reads the topic's metadata while nothing waits for this thread yet; an entry waits only {@value MAX_BLOCK_MILLIS}
     * ms for it. Call this once the topic exists, because a broker may create a topic that a producer asks about.
     * Returns within two seconds.
     */
    public void prepare() {
        long deadline = System.nanoTime() + START_NANOS;
        boolean isKnown = false;
        while (!isKnown && System.nanoTime() - deadline < 0) {
            try {
                isKnown = !producer.partitionsFor(OwnTopics.INDEX).isEmpty();
            } catch (KafkaException e) {
                lost(e);
            }
        }
    }

    private Map<String, Object> properties() {
        Map<String, Object> properties = kafka.client(
                "tidemark-index-" + sourceId,
                Map.of(ProducerConfig.MAX_BLOCK_MS_CONFIG, MAX_BLOCK_MILLIS, ProducerConfig.LINGER_MS_CONFIG, 0));
        properties.put(ProducerConfig.ACKS_CONFIG, "all");
        return properties;
    }

    /**
     * Returns at once. Rarely, when Kafka has no room for the entry or no such topic, it takes up to
     * {@value MAX_BLOCK_MILLIS} ms.
     */
    @SuppressWarnings("FutureReturnValueIgnored") // the callback gets the failure
    public void write(byte[] entry) {
        if (pausedUntilNanos != 0 && System.nanoTime() - pausedUntilNanos < 0) {
            return;
        }
        pausedUntilNanos = 0;
        try {
            if (isTurnedAway) {
                isTurnedAway = false;
                renew();
            }
            producer.send(new ProducerRecord<>(OwnTopics.INDEX, 0, key, entry), (metadata, failure) -> {
                if (failure == null) {
                    failing = false;
                } else {
                    failed(failure);
                }
            });
        } catch (KafkaException | ConfigurationProblem e) {
            failed(e);
        }
    }

    /** On the caller's thread when Kafka does not know the topic, otherwise on the producer's. */
    private void failed(Exception failure) {
        isTurnedAway = failure instanceof AuthenticationException;
        if (failure instanceof TimeoutException) {
            pausedUntilNanos = System.nanoTime() + PAUSE_NANOS;
        }
        lost(failure);
    }

    /**
     * Replaces the producer if its properties, such as credentials, have changed: with the same ones, a new producer
     * would be rejected as well.
     */
    private void renew() {
        Map<String, Object> now = properties();
        if (!now.equals(madeWith)) {
            KafkaProducer<byte[], byte[]> before = producer;
            producer = new KafkaProducer<>(now, new ByteArraySerializer(), new ByteArraySerializer());
            madeWith = now; // if no producer can be made, the previous one stays, and is tried again
            before.close(Duration.ZERO);
        }
    }

    private void lost(Exception failure) {
        if (!failing) {
            failing = true;
            LOG.warn(
                    "event=index-entry-lost effect=\"less precise watermarks on other replicas\" error=\"{}\"",
                    Reason.of(failure));
        }
    }

    @Override
    public void close() {
        producer.close(CLOSE_TIMEOUT);
    }
}
