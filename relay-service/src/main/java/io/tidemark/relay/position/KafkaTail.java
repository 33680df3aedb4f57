// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.position;

import io.tidemark.outbox.EventHeaders;
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
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads partitions backwards from their end, to find the last record of interest: a log may be long, and the wanted
 * record is nearly always at its end. Only committed records count. Records behind an open transaction are not visible
 * yet, even if committed. This class waits for them only where they may be of interest. One thread.
 */
public final class KafkaTail implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(KafkaTail.class);

    /** Longer than a broker needs to end the transaction of a producer that has died: 60 s, and up to 10 s until it looks. */
    private static final Duration TIMEOUT = Duration.ofSeconds(90);
    /** Timeout for other producers' open transactions, where waiting only makes the answer more precise. */
    private static final Duration OPEN_PATIENCE = Duration.ofSeconds(2);

    private static final long OPEN_LOOK_MILLIS = 20;

    /**
     * The client fetches ahead. At the end of the log, the broker holds that request back for this time, and the next
     * search waits for it. With Kafka's default of half a second, a takeover took three seconds longer.
     */
    private static final int FETCH_WAIT_MILLIS = 10;

    /** Timeout for reading what lies behind open transactions. */
    private static final Duration OPEN_TIMEOUT = Duration.ofSeconds(10);

    private static final TopicPartition POSITION = new TopicPartition(OwnTopics.POSITIONS, 0);
    private static final Set<TopicPartition> POSITIONS = Set.of(POSITION);

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
        properties.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, FETCH_WAIT_MILLIS);
        properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest"); // records may expire while being read
        return new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /** The last position of the source; empty when none was ever written. */
    public Optional<SourcePosition> lastPosition(String sourceId) {
        return lastValue(sourceId).map(SourcePosition::fromJson);
    }

    /** The position that was written last, committed or not. Does not wait for open transactions. */
    public Optional<SourcePosition> likelyPosition(String sourceId) {
        return likelyValue(sourceId).map(SourcePosition::fromJson);
    }

    /** The last position that is already known to be committed. Does not wait for open transactions. */
    public Optional<SourcePosition> settledPosition(String sourceId) {
        return lastValue(sourceId, committed, stableEnd()).map(SourcePosition::fromJson);
    }

    /** The topics that hold events of the source; none when that was never recorded. */
    public TopicIds lastTopicIds(String sourceId) {
        return lastValue(TopicIds.key(sourceId)).map(TopicIds::fromJson).orElseGet(() -> new TopicIds(Map.of()));
    }

    /** How far the rows older than a slot are published; empty when that was never begun. */
    public Optional<BacklogProgress> lastBacklogProgress(String sourceId) {
        return lastValue(BacklogProgress.key(sourceId)).map(BacklogProgress::fromJson);
    }

    /** What the source was published with; empty when it was never published, or last published by an older version. */
    public Optional<PublicationRecord> lastPublication(String sourceId) {
        return lastValue(PublicationRecord.key(sourceId)).map(PublicationRecord::fromJson);
    }

    /** The publication record that was written last, committed or not. Does not wait for open transactions. */
    public Optional<PublicationRecord> likelyPublication(String sourceId) {
        return likelyValue(PublicationRecord.key(sourceId)).map(PublicationRecord::fromJson);
    }

    private Optional<byte[]> likelyValue(String key) {
        return lastValue(key, uncommitted, ends(POSITIONS).getOrDefault(POSITION, 0L));
    }

    /**
     * What Kafka has counted up to this position of the source; empty when that was never written.
     *
     * @param position the last one, read before
     */
    public Optional<AuditRecord> lastAudit(SourcePosition position) {
        return lastValue(AuditRecord.key(position.source().sourceId()))
                .map(AuditRecord::fromJson)
                .map(record -> record.with(position.carried()));
    }

    /** What audits have settled for the source. */
    public SettledDays lastSettled(String sourceId) {
        return lastSettled(sourceId, Settled.UNREAD).days();
    }

    /**
     * What audits had settled at the time of one read.
     *
     * @param upTo the offset in {@code tidemark.positions} up to which that was read
     */
    public record Settled(SettledDays days, long upTo) {

        /** The state before the first read. */
        public static final Settled UNREAD = new Settled(SettledDays.NONE, 0);
    }

    /**
     * Like {@link #lastSettled(String)}, for frequent use. Most sources have no such record, and finding none means
     * reading the whole log. So this reads only what was written since the last read.
     *
     * @param before the result of the last read
     */
    public Settled lastSettled(String sourceId, Settled before) {
        String key = SettledDays.key(sourceId);
        long stable = stableEnd();
        long end = lastOpen(key, stable).orElse(stable);
        boolean isSameLog = end >= before.upTo();
        Optional<byte[]> found = lastValue(key, committed, isSameLog ? before.upTo() : 0, end);
        return new Settled(found.map(SettledDays::fromJson).orElse(isSameLog ? before.days() : SettledDays.NONE), end);
    }

    /** Every current partition of these topics; none for a topic that does not exist. */
    public Set<TopicPartition> partitionsOf(Collection<String> topics) {
        Set<TopicPartition> partitions = new HashSet<>();
        for (String topic : topics) {
            committed.partitionsFor(topic).forEach(info -> partitions.add(new TopicPartition(topic, info.partition())));
        }
        return partitions;
    }

    private Optional<byte[]> lastValue(String key) {
        long stable = stableEnd();
        return lastValue(key, committed, lastOpen(key, stable).orElse(stable));
    }

    /**
     * Everything before this offset is committed or aborted. Records after it may be so too, but are not visible yet.
     */
    private long stableEnd() {
        committed.assign(POSITIONS);
        return committed.endOffsets(POSITIONS).getOrDefault(POSITION, 0L);
    }

    /** Other sources write to this topic too: only a record with this key is worth waiting for. */
    private Optional<Long> lastOpen(String key, long stable) {
        Map<TopicPartition, ConsumerRecord<byte[], byte[]>> open = TailSearch.search(
                uncommitted, Map.of(POSITION, stable), ends(POSITIONS), record -> isOf(record, key), deadline(TIMEOUT));
        return Optional.ofNullable(open.get(POSITION)).map(record -> record.offset() + 1);
    }

    private Optional<byte[]> lastValue(String key, KafkaConsumer<byte[], byte[]> reader, long end) {
        return lastValue(key, reader, 0, end);
    }

    /** @param from older records do not count */
    private Optional<byte[]> lastValue(String key, KafkaConsumer<byte[], byte[]> reader, long from, long end) {
        long begin = Math.max(begins(POSITIONS).getOrDefault(POSITION, 0L), from);
        Map<TopicPartition, ConsumerRecord<byte[], byte[]>> found = TailSearch.search(
                reader, Map.of(POSITION, begin), Map.of(POSITION, end), record -> isOf(record, key), deadline(TIMEOUT));
        return Optional.ofNullable(found.get(POSITION)).map(ConsumerRecord::value); // a tombstone has no value
    }

    private static boolean isOf(ConsumerRecord<byte[], byte[]> record, String key) {
        return record.key() != null && key.equals(new String(record.key(), StandardCharsets.UTF_8));
    }

    /**
     * The offset after the last committed record of each partition; 0 where there never was one. Unlike the log's end,
     * it does not count transaction markers, which no consumer ever reads. In two cases it is slightly too high rather
     * than too low: when all records have expired, and when another producer's transaction stays open. A consumer that
     * had not read all records has not caught up. Never waits long for such a transaction, because it may stay open
     * forever.
     *
     * @param sourceId none of this source's records behind such a transaction is left out
     */
    public Map<TopicPartition, Long> recordEnds(Collection<TopicPartition> partitions, String sourceId)
            throws InterruptedException {
        Map<TopicPartition, Long> begins = begins(partitions);
        Map<TopicPartition, Long> logEnds = ends(partitions);
        Map<TopicPartition, Long> stable = awaitStable(partitions, logEnds);
        Map<TopicPartition, ConsumerRecord<byte[], byte[]>> last =
                TailSearch.search(committed, begins, stable, record -> true, deadline(TIMEOUT));
        Map<TopicPartition, Long> open = openEnds(stable, logEnds, sourceId);
        Map<TopicPartition, Long> ends = new HashMap<>();
        for (TopicPartition partition : partitions) {
            ConsumerRecord<byte[], byte[]> record = last.get(partition);
            long begin = begins.getOrDefault(partition, 0L);
            boolean isEmpty = begin == logEnds.getOrDefault(partition, 0L);
            long expired = isEmpty ? Math.max(0, begin - 1) : begin; // an empty log ended with a marker
            long end = record == null ? expired : record.offset() + 1;
            ends.put(partition, Math.max(end, open.getOrDefault(partition, 0L)));
        }
        return ends;
    }

    /** Most transactions end quickly, and then no offset is too high. */
    private Map<TopicPartition, Long> awaitStable(
            Collection<TopicPartition> partitions, Map<TopicPartition, Long> logEnds) throws InterruptedException {
        committed.assign(partitions); // a consumer warns about offsets of partitions that are not assigned to it
        long deadline = deadline(OPEN_PATIENCE);
        while (true) {
            Map<TopicPartition, Long> stable = committed.endOffsets(partitions);
            boolean isWhole = logEnds.entrySet().stream()
                    .allMatch(end -> stable.getOrDefault(end.getKey(), 0L) >= end.getValue());
            if (isWhole || System.nanoTime() > deadline) {
                return stable;
            }
            TimeUnit.MILLISECONDS.sleep(OPEN_LOOK_MILLIS);
        }
    }

    /**
     * The ends behind open transactions: after the source's last record, committed or not; the log's end if that takes
     * too long.
     */
    private Map<TopicPartition, Long> openEnds(
            Map<TopicPartition, Long> stable, Map<TopicPartition, Long> logEnds, String sourceId) {
        Map<TopicPartition, Long> open = new HashMap<>(logEnds);
        open.entrySet().removeIf(end -> end.getValue() <= stable.getOrDefault(end.getKey(), 0L));
        if (open.isEmpty()) {
            return open;
        }
        try {
            Map<TopicPartition, ConsumerRecord<byte[], byte[]>> ours = TailSearch.search(
                    uncommitted, stable, open, record -> isFrom(record, sourceId), deadline(OPEN_TIMEOUT));
            Map<TopicPartition, Long> ends = new HashMap<>();
            ours.forEach((partition, record) -> ends.put(partition, record.offset() + 1));
            return ends;
        } catch (TimeoutException e) {
            LOG.warn(
                    "event=open-transactions partitions={} effect=\"tokens of before this start ask for more than they"
                            + " need, until these transactions end\"",
                    open.keySet());
            return open;
        }
    }

    private static boolean isFrom(ConsumerRecord<byte[], byte[]> record, String sourceId) {
        Header header = record.headers().lastHeader(EventHeaders.SOURCE);
        return header != null && sourceId.equals(new String(header.value(), StandardCharsets.UTF_8));
    }

    private Map<TopicPartition, Long> begins(Collection<TopicPartition> partitions) {
        committed.assign(partitions);
        return committed.beginningOffsets(partitions);
    }

    private Map<TopicPartition, Long> ends(Collection<TopicPartition> partitions) {
        uncommitted.assign(partitions);
        return uncommitted.endOffsets(partitions);
    }

    private static long deadline(Duration timeout) {
        return System.nanoTime() + timeout.toNanos();
    }

    @Override
    public void close() {
        committed.close();
        uncommitted.close();
    }
}
