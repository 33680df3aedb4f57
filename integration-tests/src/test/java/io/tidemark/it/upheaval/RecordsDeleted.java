// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.upheaval;

import io.tidemark.it.harness.FaultyWorld;
import io.tidemark.it.harness.GroupProcess;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;

/**
 * Records that the consumers have processed are deleted, as by retention, up to all of a partition. Then, perhaps, the
 * group is deleted too: a new one finds nothing to commit where no record is left.
 */
final class RecordsDeleted implements Upheaval {

    @Override
    public void strike(FaultyWorld world, Operator operator, Random random) throws Exception {
        boolean alsoTheGroup = random.nextBoolean();
        Map<TopicPartition, Long> upTo = new HashMap<>();
        try (Admin admin = operator.admin()) {
            admin.listConsumerGroupOffsets(GroupProcess.groupOf(world.source()))
                    .partitionsToOffsetAndMetadata()
                    .get(30, TimeUnit.SECONDS)
                    .forEach((partition, committed) -> upTo.put(
                            partition,
                            random.nextInt(3) == 0 ? random.nextLong(committed.offset() + 1) : committed.offset()));
            if (alsoTheGroup) {
                world.consumer().kill();
            }
            operator.rememberWhatIsReadable(event ->
                    event.offset() < upTo.getOrDefault(new TopicPartition(event.topic(), event.partition()), 0L));
            Map<TopicPartition, RecordsToDelete> deletions = new HashMap<>();
            upTo.forEach((partition, offset) -> deletions.put(partition, RecordsToDelete.beforeOffset(offset)));
            admin.deleteRecords(deletions).all().get(30, TimeUnit.SECONDS);
            if (alsoTheGroup) {
                GroupDeleted.delete(admin, world);
            }
        }
        if (alsoTheGroup) {
            world.consumer().restart();
        }
        if (!operator.adopted().isEmpty()) { // today is compared by row, and these rows are not in Kafka any more
            operator.replayUnaccounted();
        }
    }
}
