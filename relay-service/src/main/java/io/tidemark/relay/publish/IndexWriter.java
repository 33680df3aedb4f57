package io.tidemark.relay.publish;

import io.tidemark.relay.config.KafkaConfig;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
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

    private final KafkaProducer<byte[], byte[]> producer;
    private final byte[] key;
    private volatile boolean failing;

    public IndexWriter(KafkaConfig kafka, String sourceId) {
        Map<String, Object> properties = kafka.client(
                "tidemark-index-" + sourceId,
                Map.of(ProducerConfig.MAX_BLOCK_MS_CONFIG, 1000, ProducerConfig.LINGER_MS_CONFIG, 0));
        properties.put(ProducerConfig.ACKS_CONFIG, "all");
        this.producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
        this.key = sourceId.getBytes(StandardCharsets.UTF_8);
    }

    /** Returns at once. */
    @SuppressWarnings("FutureReturnValueIgnored") // the callback hears of it
    public void write(byte[] entry) {
        try {
            producer.send(new ProducerRecord<>(Topics.INDEX, 0, key, entry), (metadata, failure) -> {
                if (failure == null) {
                    failing = false;
                } else {
                    lost(failure);
                }
            });
        } catch (KafkaException e) {
            lost(e);
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
