package io.tidemark.relay.publish;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.KafkaConfig;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes an index entry for each committed Kafka transaction, from a plain producer and without waiting: a hint for the
 * other replicas that may be lost, and never says more than what is committed.
 */
public final class IndexWriter implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(IndexWriter.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    private final KafkaProducer<byte[], byte[]> producer;
    private final byte[] key;
    private final int timeline;
    private volatile boolean failing;

    public IndexWriter(KafkaConfig kafka, String sourceId, int timeline) {
        Map<String, Object> properties = new HashMap<>();
        properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 1000);
        properties.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        properties.putAll(kafka.properties());
        properties.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, kafka.bootstrapServers());
        properties.put(ProducerConfig.CLIENT_ID_CONFIG, "tidemark-index-" + sourceId);
        properties.put(ProducerConfig.ACKS_CONFIG, "all");
        this.producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
        this.key = sourceId.getBytes(StandardCharsets.UTF_8);
        this.timeline = timeline;
    }

    /** Everything up to {@code published} is committed, and these ends belong to it. Returns at once. */
    @SuppressWarnings("FutureReturnValueIgnored") // the callback hears of it
    public void write(Lsn published, Map<TopicPartition, TransactionalPublisher.End> ends) {
        try {
            producer.send(new ProducerRecord<>(Topics.INDEX, 0, key, toJson(published, ends)), (metadata, failure) -> {
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

    private byte[] toJson(Lsn published, Map<TopicPartition, TransactionalPublisher.End> ends) {
        ObjectNode json = JSON.createObjectNode().put("timeline", timeline).put("published", published.toString());
        ObjectNode partitions = json.putObject("ends");
        Map<String, TransactionalPublisher.End> sorted = new TreeMap<>();
        ends.forEach((partition, end) -> sorted.put(partition.toString(), end));
        sorted.forEach((partition, end) -> partitions
                .putObject(partition)
                .put("firstLsn", end.firstLsn().toString())
                .put("endOffset", end.endOffset()));
        try {
            return JSON.writeValueAsBytes(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of strings and numbers can be written", e);
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
