// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.position;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/** Reads ranges of partitions backwards, in growing steps, until it finds a wanted record. On the reader's thread. */
final class TailSearch {

    private static final long FIRST_STEP = 200;
    private static final Duration POLL = Duration.ofMillis(100);

    private TailSearch() {}

    /**
     * The last wanted record of each range {@code [begin, end)}.
     *
     * @throws TimeoutException when the ranges could not be read before the deadline
     */
    static Map<TopicPartition, ConsumerRecord<byte[], byte[]>> search(
            KafkaConsumer<byte[], byte[]> reader,
            Map<TopicPartition, Long> begins,
            Map<TopicPartition, Long> ends,
            Predicate<ConsumerRecord<byte[], byte[]>> wanted,
            long deadline) {
        Map<TopicPartition, Long> highs = new HashMap<>(ends);
        Map<TopicPartition, ConsumerRecord<byte[], byte[]>> found = new LinkedHashMap<>();
        Set<TopicPartition> open = new HashSet<>(ends.keySet());
        open.removeIf(partition -> highs.getOrDefault(partition, 0L) <= begins.getOrDefault(partition, 0L));
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
                throw new TimeoutException("could not read " + unfinished + " to their ends in time: another producer's"
                        + " transaction is open before them, or a broker is slow. Nothing is lost, and it is tried again;"
                        + " to find such a transaction, run: kafka-transactions.sh --bootstrap-server SERVER"
                        + " find-hanging --broker-id ID");
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
}
