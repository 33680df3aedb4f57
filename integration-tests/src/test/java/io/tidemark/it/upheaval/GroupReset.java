// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.upheaval;

import static org.awaitility.Awaitility.await;

import io.tidemark.it.harness.FaultyWorld;
import io.tidemark.it.harness.GroupProcess;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/** The consumers are stopped, and their offsets are set back. */
final class GroupReset implements Upheaval {

    @Override
    public void strike(FaultyWorld world, Operator operator, Random random) throws Exception {
        String group = GroupProcess.groupOf(world.source());
        world.consumer().kill();
        try (Admin admin = operator.admin()) {
            Map<TopicPartition, OffsetAndMetadata> back = new HashMap<>();
            admin.listConsumerGroupOffsets(group)
                    .partitionsToOffsetAndMetadata()
                    .get(30, TimeUnit.SECONDS)
                    .forEach((partition, now) ->
                            back.put(partition, new OffsetAndMetadata(random.nextLong(now.offset() + 1))));
            await("offsets of " + group + " set back")
                    .ignoreExceptionsInstanceOf(ExecutionException.class) // until Kafka has removed the killed member
                    .untilAsserted(() ->
                            admin.alterConsumerGroupOffsets(group, back).all().get(30, TimeUnit.SECONDS));
        }
        world.consumer().restart();
    }
}
