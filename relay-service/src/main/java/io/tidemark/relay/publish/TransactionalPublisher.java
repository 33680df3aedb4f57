package io.tidemark.relay.publish;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.route.OutgoingEvent;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * The transactional producer of one run. Used by the publishing thread: {@link #initialize}, then again and again
 * {@link #begin}, {@link #send}…, {@link #commit}. After any failure it is only good for closing.
 */
public final class TransactionalPublisher implements AutoCloseable {

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    private final KafkaProducer<byte[], byte[]> producer;
    private final Map<TopicPartition, End> ends = new HashMap<>();
    private volatile @Nullable PublishFailure sendFailure;

    /**
     * What a committed transaction added to a partition.
     *
     * @param firstLsn the lowest commit LSN among its events there
     * @param endOffset the offset after the last of them
     */
    public record End(Lsn firstLsn, long endOffset) {

        End upTo(Lsn lsn, long offset) {
            return new End(lsn.isAfter(firstLsn) ? firstLsn : lsn, Math.max(endOffset, offset));
        }
    }

    public TransactionalPublisher(KafkaConfig kafka, String transactionalId) {
        Map<String, Object> properties = new HashMap<>();
        properties.put(ProducerConfig.LINGER_MS_CONFIG, 0); // batches form while the last transaction commits
        properties.put(ProducerConfig.BATCH_SIZE_CONFIG, 256 * 1024);
        properties.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, 1024 * 1024);
        properties.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 30_000);
        properties.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 10_000);
        properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 30_000);
        properties.putAll(kafka.properties());
        properties.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, kafka.bootstrapServers());
        properties.put(ProducerConfig.CLIENT_ID_CONFIG, transactionalId);
        properties.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId);
        properties.put(ProducerConfig.ACKS_CONFIG, "all");
        properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        properties.put("add.partitions.to.txn.retry.backoff.ms", 1);
        producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /**
     * Fences every earlier producer of this source, and returns once its last transaction is committed or aborted: the
     * position may be read from now on, not before.
     */
    public void initialize() throws PublishFailure {
        try {
            producer.initTransactions();
        } catch (KafkaException e) {
            throw PublishFailure.of(e);
        }
    }

    public void begin() throws PublishFailure {
        ends.clear();
        sendFailure = null;
        try {
            producer.beginTransaction();
        } catch (KafkaException e) {
            throw PublishFailure.of(e);
        }
    }

    /** Adds the event to the transaction; whether Kafka took it shows at {@link #commit}. */
    public void send(OutgoingEvent event, Lsn commitLsn) throws PublishFailure {
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(event.topic(), null, event.timestampMillis(), event.key(), event.value());
        Headers headers = record.headers();
        for (OutgoingEvent.OutgoingHeader header : event.headers()) {
            headers.add(new RecordHeader(header.name(), header.value()));
        }
        send(record, commitLsn);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the callback hears of it, and the commit fails
    private void send(ProducerRecord<byte[], byte[]> record, @Nullable Lsn commitLsn) throws PublishFailure {
        PublishFailure earlier = sendFailure; // names its own event, which a later one's failure would not
        if (earlier != null) {
            throw earlier;
        }
        try {
            producer.send(record, (metadata, failure) -> acknowledged(metadata, failure, commitLsn));
        } catch (KafkaException e) {
            throw PublishFailure.of(e);
        }
    }

    /** On the producer's I/O thread, which alone touches {@link #ends} until the commit has returned. */
    private void acknowledged(RecordMetadata metadata, @Nullable Exception failure, @Nullable Lsn commitLsn) {
        if (failure != null) {
            if (sendFailure == null) {
                sendFailure = PublishFailure.of(failure).at(commitLsn);
            }
        } else if (!metadata.hasOffset()) {
            sendFailure = PublishFailure.notYet("Kafka did not tell the offset of a record; reading it again");
        } else if (commitLsn != null) {
            TopicPartition partition = new TopicPartition(metadata.topic(), metadata.partition());
            End end = ends.get(partition);
            long offset = metadata.offset() + 1;
            ends.put(partition, end == null ? new End(commitLsn, offset) : end.upTo(commitLsn, offset));
        }
    }

    /** Takes back everything sent since {@link #begin}; no reader of committed records ever sees it. */
    public void abort() throws PublishFailure {
        try {
            producer.abortTransaction();
        } catch (KafkaException e) {
            throw PublishFailure.of(e);
        }
    }

    /**
     * Adds the position and commits. When this returns, events and position are readable; when it throws, whether they
     * are is settled only by the next {@link #initialize} of a fresh publisher.
     *
     * @return what was added where
     */
    public Map<TopicPartition, End> commit(String positionsTopic, byte[] key, byte[] position) throws PublishFailure {
        send(new ProducerRecord<>(positionsTopic, 0, key, position), null);
        try {
            producer.commitTransaction();
        } catch (KafkaException e) {
            PublishFailure cause = sendFailure; // says more than "the transaction has failed"
            throw cause != null ? cause : PublishFailure.of(e);
        }
        PublishFailure unknownOffset = sendFailure;
        if (unknownOffset != null) {
            throw unknownOffset; // committed; the next run reads where
        }
        return Map.copyOf(ends);
    }

    /** Ends without waiting long; an open transaction is aborted by the next producer or by its timeout. */
    @Override
    public void close() {
        producer.close(CLOSE_TIMEOUT);
    }
}
