// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.upheaval;

import io.tidemark.it.harness.FaultyWorld;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.TopicDescription;

/** The topic gets another partition while events are written. No repair is needed. */
final class PartitionsAdded implements Upheaval {

    @Override
    public void strike(FaultyWorld world, Operator operator, Random random) throws Exception {
        String topic = world.source().topic("order");
        try (Admin admin = operator.admin()) {
            TopicDescription described = Objects.requireNonNull(admin.describeTopics(List.of(topic))
                            .topicNameValues()
                            .get(topic))
                    .get(30, TimeUnit.SECONDS);
            int partitions = described.partitions().size();
            admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(partitions + 1)))
                    .all()
                    .get(30, TimeUnit.SECONDS);
        }
        operator.rememberAddedPartition();
    }
}
