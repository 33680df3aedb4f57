package io.tidemark.relay.index;

import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.config.ConfigurationProblem;
import io.tidemark.relay.config.KafkaConfig;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes an index entry for each committed Kafka transaction, from a plain producer and without waiting: a hint for the
 * other replicas that may be lost, and never says more than what is committed.
 */
public final class IndexWriter implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(IndexWriter.class);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    private final KafkaConfig kafka;
    private final String sourceId;
    private final byte[] key;
    private Map<String, Object> madeWith;
    private KafkaProducer<byte[], byte[]> producer;
    private volatile boolean failing;
    private volatile boolean isTurnedAway;

    public IndexWriter(KafkaConfig kafka, String sourceId) {
        this.kafka = kafka;
        this.sourceId = sourceId;
        this.key = sourceId.getBytes(StandardCharsets.UTF_8);
        this.madeWith = properties();
        this.producer = new KafkaProducer<>(madeWith, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private Map<String, Object> properties() {
        Map<String, Object> properties = kafka.client(
                "tidemark-index-" + sourceId,
                Map.of(ProducerConfig.MAX_BLOCK_MS_CONFIG, 1000, ProducerConfig.LINGER_MS_CONFIG, 0));
        properties.put(ProducerConfig.ACKS_CONFIG, "all");
        return properties;
    }

    /** Returns at once. */
    @SuppressWarnings("FutureReturnValueIgnored") // the callback hears of it
    public void write(byte[] entry) {
        try {
            if (isTurnedAway) {
                isTurnedAway = false;
                renew();
            }
            producer.send(new ProducerRecord<>(OwnTopics.INDEX, 0, key, entry), (metadata, failure) -> {
                if (failure == null) {
                    failing = false;
                } else {
                    isTurnedAway = failure instanceof AuthenticationException;
                    lost(failure);
                }
            });
        } catch (KafkaException | ConfigurationProblem e) {
            isTurnedAway = e instanceof AuthenticationException;
            lost(e);
        }
    }

    /** Who it is was read when the producer was made; with the same, another one would be turned away as well. */
    private void renew() {
        Map<String, Object> now = properties();
        if (!now.equals(madeWith)) {
            KafkaProducer<byte[], byte[]> before = producer;
            producer = new KafkaProducer<>(now, new ByteArraySerializer(), new ByteArraySerializer());
            madeWith = now; // where none can be made, the one of before stays, and is tried again
            before.close(Duration.ZERO);
        }
    }

    private void lost(Exception failure) {
        if (!failing) {
            failing = true;
            LOG.warn(
                    "event=index-entry-lost effect=\"less precise watermarks on other replicas\" error=\"{}\"",
                    failure.getMessage());
        }
    }

    @Override
    public void close() {
        producer.close(CLOSE_TIMEOUT);
    }
}
