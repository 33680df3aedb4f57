package io.tidemark.relay.position;

import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.account.AuditRecord;
import io.tidemark.relay.account.SettledDays;
import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.publication.PublicationRecord;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads partitions backwards from their end, to find the last record of interest: a log may be long, and what is asked
 * for is nearly always at its end. Only committed records count, up to the end that uncommitted ones have (a
 * read_committed end could hide a transaction that has just been committed). One thread.
 */
public final class KafkaTail implements AutoCloseable {

    private static final long FIRST_STEP = 200;
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    private final KafkaConsumer<byte[], byte[]> committed;
    private final KafkaConsumer<byte[], byte[]> uncommitted;

    public KafkaTail(KafkaConfig kafka) {
        committed = consumer(kafka, "read_committed");
        uncommitted = consumer(kafka, "read_uncommitted");
    }

    private static KafkaConsumer<byte[], byte[]> consumer(KafkaConfig kafka, String isolation) {
        Map<String, Object> properties = kafka.client("tidemark-tail-" + isolation, Map.of());
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, isolation);
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest"); // records may expire while being read
        return new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /** The last position of the source, or empty when none was ever written. */
    public Optional<SourcePosition> lastPosition(String sourceId) {
        return lastValue(sourceId).map(SourcePosition::fromJson);
    }

    /** The topics that hold events of the source; none when that was never written. */
    public TopicIds lastTopicIds(String sourceId) {
        return lastValue(TopicIds.key(sourceId)).map(TopicIds::fromJson).orElseGet(() -> new TopicIds(Map.of()));
    }

    /** How far the publication of the rows that are older than a slot has come; empty when none was ever begun. */
    public Optional<BacklogProgress> lastBacklogProgress(String sourceId) {
        return lastValue(BacklogProgress.key(sourceId)).map(BacklogProgress::fromJson);
    }

    /** What the source was published with; empty when an older version was the last to publish, or none was. */
    public Optional<PublicationRecord> lastPublication(String sourceId) {
        return lastValue(PublicationRecord.key(sourceId)).map(PublicationRecord::fromJson);
    }

    /**
     * The same without waiting for anybody's open transaction: what was written last, also when it is not committed, or
     * never will be.
     */
    public Optional<PublicationRecord> likelyPublication(String sourceId) {
        return lastValue(PublicationRecord.key(sourceId), uncommitted).map(PublicationRecord::fromJson);
    }

    /**
     * What Kafka has counted up to that position of the source; empty when that was never written.
     *
     * @param position the last one, read before
     */
    public Optional<AuditRecord> lastAudit(SourcePosition position) {
        return lastValue(AuditRecord.key(position.source().sourceId()))
                .map(AuditRecord::fromJson)
                .map(record -> record.with(position.carried()));
    }

    /** What audits have settled of the source. */
    public SettledDays lastSettled(String sourceId) {
        return lastSettled(sourceId, Settled.UNREAD).days();
    }

    /**
     * What audits have settled, as of one look.
     *
     * @param upTo the offset in {@code tidemark.positions} up to which that was read
     */
    public record Settled(SettledDays days, long upTo) {

        /** Nobody has looked yet. */
        public static final Settled UNREAD = new Settled(SettledDays.NONE, 0);
    }

    /**
     * The same, for those who look often. Most sources have no such record, and to find none is to read the whole log:
     * so only what has come since the last look is read.
     *
     * @param before what the last look returned
     */
    public Settled lastSettled(String sourceId, Settled before) {
        TopicPartition partition = new TopicPartition(OwnTopics.POSITIONS, 0);
        long end = uncommitted.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
        boolean isSameLog = end >= before.upTo();
        Optional<byte[]> found = lastValue(SettledDays.key(sourceId), committed, isSameLog ? before.upTo() : 0);
        return new Settled(found.map(SettledDays::fromJson).orElse(isSameLog ? before.days() : SettledDays.NONE), end);
    }

    /** Every partition of these topics, as of now; of a topic that does not exist, none. */
    public Set<TopicPartition> partitionsOf(Collection<String> topics) {
        Set<TopicPartition> partitions = new HashSet<>();
        for (String topic : topics) {
            committed.partitionsFor(topic).forEach(info -> partitions.add(new TopicPartition(topic, info.partition())));
        }
        return partitions;
    }

    private Optional<byte[]> lastValue(String key) {
        return lastValue(key, committed);
    }

    private Optional<byte[]> lastValue(String key, KafkaConsumer<byte[], byte[]> reader) {
        return lastValue(key, reader, 0);
    }

    /** @param from older records do not count */
    private Optional<byte[]> lastValue(String key, KafkaConsumer<byte[], byte[]> reader, long from) {
        TopicPartition partition = new TopicPartition(OwnTopics.POSITIONS, 0);
        Map<TopicPartition, ConsumerRecord<byte[], byte[]>> found = lastRecords(
                List.of(partition),
                record -> record.key() != null && key.equals(new String(record.key(), StandardCharsets.UTF_8)),
                reader,
                from);
        return Optional.ofNullable(found.get(partition)).map(ConsumerRecord::value); // a tombstone has none
    }

    /**
     * The offset after the last committed record of each partition; 0 where there never was one. Unlike the log's end
     * it does not count transaction markers, which no consumer ever reads. Where all records have expired it is a
     * little too high rather than too low: whoever had not read them all has not caught up.
     */
    public Map<TopicPartition, Long> recordEnds(Collection<TopicPartition> partitions) {
        Map<TopicPartition, ConsumerRecord<byte[], byte[]>> last =
                lastRecords(partitions, record -> true, committed, 0);
        Map<TopicPartition, Long> ends = new HashMap<>();
        Map<TopicPartition, Long> begins = committed.beginningOffsets(partitions);
        Map<TopicPartition, Long> logEnds = uncommitted.endOffsets(partitions);
        for (TopicPartition partition : partitions) {
            ConsumerRecord<byte[], byte[]> record = last.get(partition);
            long begin = begins.getOrDefault(partition, 0L);
            boolean isEmpty = begin == logEnds.getOrDefault(partition, 0L);
            long expired = isEmpty ? Math.max(0, begin - 1) : begin; // a log that is empty ended with a marker
            ends.put(partition, record == null ? expired : record.offset() + 1);
        }
        return ends;
    }

    private Map<TopicPartition, ConsumerRecord<byte[], byte[]>> lastRecords(
            Collection<TopicPartition> partitions,
            Predicate<ConsumerRecord<byte[], byte[]>> wanted,
            KafkaConsumer<byte[], byte[]> reader,
            long from) {
        committed.assign(partitions); // a consumer warns of every offset it is told of a partition it has not
        uncommitted.assign(partitions);
        Map<TopicPartition, Long> begins = new HashMap<>(committed.beginningOffsets(partitions));
        begins.replaceAll((partition, begin) -> Math.max(begin, from));
        Map<TopicPartition, Long> highs = new HashMap<>(uncommitted.endOffsets(partitions));
        Map<TopicPartition, ConsumerRecord<byte[], byte[]>> found = new LinkedHashMap<>();
        Set<TopicPartition> open = new HashSet<>(partitions);
        open.removeIf(partition -> highs.getOrDefault(partition, 0L) <= begins.getOrDefault(partition, 0L));
        long deadline = System.nanoTime() + TIMEOUT.toNanos();
        for (long step = FIRST_STEP; !open.isEmpty(); step *= 4) {
            Map<TopicPartition, Long> lows = new HashMap<>();
            for (TopicPartition partition : open) {
                lows.put(
                        partition,
                        Math.max(begins.getOrDefault(partition, 0L), highs.getOrDefault(partition, 0L) - step));
            }
            readRanges(reader, lows, highs, wanted, found, deadline);
            open.removeIf(partition -> found.containsKey(partition)
                    || lows.getOrDefault(partition, 0L) <= begins.getOrDefault(partition, 0L));
            lows.forEach(highs::put);
        }
        return found;
    }

    /** Keeps the last wanted record of each range {@code [low, high)}. */
    private static void readRanges(
            KafkaConsumer<byte[], byte[]> reader,
            Map<TopicPartition, Long> lows,
            Map<TopicPartition, Long> highs,
            Predicate<ConsumerRecord<byte[], byte[]>> wanted,
            Map<TopicPartition, ConsumerRecord<byte[], byte[]>> found,
            long deadline) {
        reader.assign(lows.keySet());
        lows.forEach(reader::seek);
        Set<TopicPartition> unfinished = new HashSet<>(lows.keySet());
        while (!unfinished.isEmpty()) {
            if (System.nanoTime() > deadline) {
                throw new TimeoutException("could not read " + unfinished + " to their ends within "
                        + TIMEOUT.toSeconds() + " s (an open transaction of another producer, or a slow broker)");
            }
            for (ConsumerRecord<byte[], byte[]> record : reader.poll(POLL)) {
                TopicPartition partition = new TopicPartition(record.topic(), record.partition());
                if (record.offset() < highs.getOrDefault(partition, 0L) && wanted.test(record)) {
                    found.put(partition, record);
                }
            }
            unfinished.removeIf(partition -> reader.position(partition) >= highs.getOrDefault(partition, 0L));
        }
    }

    @Override
    public void close() {
        committed.close();
        uncommitted.close();
    }
}
