package io.tidemark.relay.position;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.assemble.ResumePoint;
import io.tidemark.relay.position.IndexEntry.Addition;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/**
 * How much memory the index takes, and how long a look takes; prints, decides nothing. Not in {@code mvn verify}:
 * docs/benchmarks.md has the command.
 */
class PublishedIndexBenchmark {

    private static final int PARTITIONS = Integer.getInteger("index.partitions", 10_000);
    private static final int ENTRIES = Integer.getInteger("index.entries", 400_000);
    private static final int TOUCHED = 10;
    private static final int LOOKS = 20_000_000;
    private static final int ROUNDS = 7;

    @Test
    void sizeAndLookup() {
        Random random = new Random(1);
        long before = usedBytes();
        PublishedIndex index = IndexSteps.empty();
        long[] ends = new long[PARTITIONS];
        ResumePoint at = ResumePoint.after(Lsn.ZERO);
        for (int entry = 1; entry <= ENTRIES; entry++) {
            Lsn lsn = new Lsn(entry * 1000L);
            Map<TopicPartition, List<Addition>> additions = new HashMap<>();
            for (int i = 0; i < TOUCHED; i++) {
                int partition = random.nextInt(PARTITIONS);
                ends[partition] += 1 + random.nextInt(20);
                additions.put(
                        new TopicPartition("topic-" + partition % 100, partition / 100),
                        List.of(new Addition(lsn, ends[partition])));
            }
            index.apply(new IndexEntry(1, "a/b", 0, at, ResumePoint.after(lsn), entry, additions));
            at = ResumePoint.after(lsn);
        }
        System.out.printf(
                "PublishedIndexBenchmark: %d partitions after %d Kafka transactions with %d of them each: %.1f MB%n",
                PARTITIONS, ENTRIES, TOUCHED, (usedBytes() - before) / 1e6);
        look(index, random);
    }

    private static void look(PublishedIndex index, Random random) {
        TopicPartition[] partitions = new TopicPartition[1024];
        Lsn[] lsns = new Lsn[1024];
        for (int i = 0; i < 1024; i++) {
            int partition = random.nextInt(PARTITIONS);
            partitions[i] = new TopicPartition("topic-" + partition % 100, partition / 100);
            lsns[i] = new Lsn(random.nextInt(ENTRIES) * 1000L);
        }
        long sum = 0;
        for (int round = 0; round < ROUNDS; round++) {
            long since = System.nanoTime();
            for (int i = 0; i < LOOKS; i++) {
                sum += index.need(partitions[i & 1023], lsns[(i >> 10) & 1023]);
            }
            System.out.printf(
                    "PublishedIndexBenchmark: need of one partition for one LSN: %.0f ns (round %d, sum %d)%n",
                    (System.nanoTime() - since) / (double) LOOKS, round, sum);
        }
    }

    private static long usedBytes() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
