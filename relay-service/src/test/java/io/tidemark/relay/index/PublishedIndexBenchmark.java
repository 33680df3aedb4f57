// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.index;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.index.IndexEntry.Addition;
import io.tidemark.relay.position.ResumePoint;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * Measures the time of a look into the index, and its memory. Prints the results, and checks nothing. Not in
 * {@code mvn verify}: docs/benchmarks.md has the command.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PublishedIndexBenchmark {

    private static final int PARTITIONS = Integer.getInteger("index.partitions", 10_000);
    private static final int ENTRIES = Integer.getInteger("index.entries", 400_000);
    private static final int TOPICS = 100;
    private static final int TOUCHED = 10;
    private static final int QUESTIONS = 1 << 16;

    private final TopicPartition[] partitions = new TopicPartition[QUESTIONS];
    private final Lsn[] lsns = new Lsn[QUESTIONS];
    private final Map<TopicPartition, Long> committed = new HashMap<>();
    private PublishedIndex index = IndexSteps.empty();
    private int question;

    private static TopicPartition partition(int number) {
        return new TopicPartition("topic-" + number % TOPICS, number / TOPICS);
    }

    /** Many questions, in an order that a processor's caches cannot have learned. */
    @Setup
    public void fill() {
        Random random = new Random(1);
        index = IndexSteps.empty();
        long[] ends = new long[PARTITIONS];
        ResumePoint at = ResumePoint.after(Lsn.ZERO);
        for (int entry = 1; entry <= ENTRIES; entry++) {
            Lsn lsn = new Lsn(entry * 1000L);
            Map<TopicPartition, List<Addition>> additions = new HashMap<>();
            for (int i = 0; i < TOUCHED; i++) {
                int partition = random.nextInt(PARTITIONS);
                ends[partition] += 1 + random.nextInt(20);
                additions.put(partition(partition), List.of(new Addition(lsn, ends[partition])));
            }
            index.apply(new IndexEntry(1, "a/b", 0, at, ResumePoint.after(lsn), entry, additions));
            at = ResumePoint.after(lsn);
        }
        for (int i = 0; i < QUESTIONS; i++) {
            partitions[i] = partition(random.nextInt(PARTITIONS));
            lsns[i] = new Lsn(random.nextInt(ENTRIES) * 1000L);
        }
        for (int partition = 0; partition < PARTITIONS; partition += TOPICS) {
            committed.put(partition(partition), ends[partition] - random.nextInt(200));
        }
    }

    /** The need of one partition for one LSN. */
    @Benchmark
    public long need() {
        question = (question + 1) & (QUESTIONS - 1);
        return index.need(partitions[question], lsns[question]);
    }

    /** The LSN up to which a group has consumed the hundred partitions of a topic. */
    @Benchmark
    public Lsn watermarkOfATopic() {
        return index.watermark(Set.of("topic-0"), committed);
    }

    @Test
    void measures() throws RunnerException {
        long before = usedBytes();
        fill();
        System.out.printf(
                "PublishedIndexBenchmark: %d partitions after %d Kafka transactions with %d of them each: %.1f MB%n",
                PARTITIONS, ENTRIES, TOUCHED, (usedBytes() - before) / 1e6);
        new Runner(new OptionsBuilder()
                        .include(PublishedIndexBenchmark.class.getName())
                        .forks(2)
                        .warmupIterations(3)
                        .warmupTime(TimeValue.seconds(1))
                        .measurementIterations(5)
                        .measurementTime(TimeValue.seconds(1))
                        .build())
                .run();
    }

    private static long usedBytes() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
