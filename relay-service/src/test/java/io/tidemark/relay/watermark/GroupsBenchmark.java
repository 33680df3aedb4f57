// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.ProjectionConfig;
import io.tidemark.relay.group.Committed;
import io.tidemark.relay.index.IndexEntry;
import io.tidemark.relay.index.IndexEntry.Addition;
import io.tidemark.relay.index.IndexSteps;
import io.tidemark.relay.index.PublishedIndex;
import io.tidemark.relay.position.ResumePoint;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/**
 * Measures the memory for the evidence about many groups. Prints the results, and checks nothing. Not in
 * {@code mvn verify}: docs/benchmarks.md has the command.
 */
class GroupsBenchmark {

    private static final int GROUPS = Integer.getInteger("groups", 1_000);
    private static final int TOPICS = 100;
    private static final int PARTITIONS = 100;
    private static final int ROUNDS = 3;
    private static final long END = 1_000_000;

    /** As Kafka's client creates them: every answer has separate objects. */
    private static Committed committed(int topic, long round) {
        String name = new String("topic-" + topic);
        Map<TopicPartition, Long> offsets = new HashMap<>();
        for (int partition = 0; partition < PARTITIONS; partition++) {
            offsets.put(new TopicPartition(name, partition), END - ROUNDS + round - partition % 2 * 1000L);
        }
        return new Committed(offsets, Set.of());
    }

    private static PublishedIndex index() {
        PublishedIndex index = IndexSteps.empty();
        Map<TopicPartition, List<Addition>> additions = new HashMap<>();
        Lsn lsn = new Lsn(1000);
        for (int topic = 0; topic < TOPICS; topic++) {
            for (int partition = 0; partition < PARTITIONS; partition++) {
                additions.put(new TopicPartition("topic-" + topic, partition), List.of(new Addition(lsn, END)));
            }
        }
        index.apply(new IndexEntry(1, "a/b", 0, ResumePoint.after(Lsn.ZERO), ResumePoint.after(lsn), 1, additions));
        return index;
    }

    /** Each group is behind in all of its partitions, which needs the most memory. */
    @Test
    void measures() {
        PublishedIndex index = index();
        long before = usedBytes();
        List<ProjectionWaiters> groups = new ArrayList<>();
        for (int group = 0; group < GROUPS; group++) {
            ProjectionConfig projection =
                    new ProjectionConfig("view-" + group, "group-" + group, List.of("topic-" + group % TOPICS), null);
            groups.add(new ProjectionWaiters(projection, index, ProjectionWaitersTest.grounds(projection, index)));
        }
        for (int round = 0; round < ROUNDS; round++) {
            for (int group = 0; group < GROUPS; group++) {
                groups.get(group).accept(committed(group % TOPICS, round), System.nanoTime());
            }
        }
        System.out.printf(
                "GroupsBenchmark: %d groups with %d partitions each: %.1f MB%n",
                groups.size(), PARTITIONS, (usedBytes() - before) / 1e6);
    }

    private static long usedBytes() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
