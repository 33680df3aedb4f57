package io.tidemark.relay.progress;

import io.tidemark.relay.config.KafkaConfig;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** Asks Kafka for the committed offsets of consumer groups. Asynchronous; safe on any thread. */
public final class GroupOffsets implements AutoCloseable {

    private static final int TIMEOUT_MILLIS = 10_000;

    private final KafkaConfig kafka;
    private @Nullable Admin admin;

    public GroupOffsets(KafkaConfig kafka) {
        this.kafka = kafka;
    }

    /** Made when first needed: it cannot be while Kafka's names do not resolve, and then the next one to ask tries. */
    private synchronized Admin admin() {
        if (admin == null) {
            Map<String, Object> properties = new HashMap<>(kafka.properties());
            properties.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, kafka.bootstrapServers());
            properties.put(AdminClientConfig.CLIENT_ID_CONFIG, "tidemark-groups");
            admin = Admin.create(properties);
        }
        return admin;
    }

    /**
     * The group's committed offsets now. Offsets in a transaction that is not yet committed are waited for
     * ({@code requireStable}, KIP-447), so an answer never counts what may yet be rolled back.
     *
     * @return completes with one entry for each partition that has a commit; a group that does not exist has none
     */
    public CompletionStage<Map<TopicPartition, Long>> committed(String group, Set<TopicPartition> partitions) {
        if (partitions.isEmpty()) {
            return CompletableFuture.completedFuture(Map.of());
        }
        ListConsumerGroupOffsetsSpec spec = new ListConsumerGroupOffsetsSpec().topicPartitions(List.copyOf(partitions));
        Admin asked;
        try {
            asked = admin();
        } catch (KafkaException e) {
            return CompletableFuture.failedFuture(e);
        }
        return asked.listConsumerGroupOffsets(
                        Map.of(group, spec),
                        new ListConsumerGroupOffsetsOptions()
                                .requireStable(true)
                                .timeoutMs(TIMEOUT_MILLIS))
                .partitionsToOffsetAndMetadata(group)
                .toCompletionStage()
                .thenApply(offsets -> {
                    Map<TopicPartition, Long> committed = new HashMap<>();
                    offsets.forEach((partition, offset) -> {
                        if (offset != null) {
                            committed.put(partition, offset.offset());
                        }
                    });
                    return committed;
                });
    }

    @Override
    public synchronized void close() {
        if (admin != null) {
            admin.close();
        }
    }
}
