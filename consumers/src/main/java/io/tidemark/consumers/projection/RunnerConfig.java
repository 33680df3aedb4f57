package io.tidemark.consumers.projection;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import javax.sql.DataSource;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * What a runner works with.
 *
 * @param database the projection's; a connection is taken for each transaction, so give it a pool: one connection for
 *     each worker, and one more
 * @param kafka properties of Kafka clients: {@code bootstrap.servers}, security, timeouts, {@code group.id}
 * @param workers how many partitions are worked on at the same time, each on a connection of its own
 * @param drainTimeout how long a partition that is taken away, or a shutdown, waits for a handler that is at work
 */
public record RunnerConfig(DataSource database, Map<String, Object> kafka, int workers, Duration drainTimeout) {

    private static final int MAX_WORKERS = 256;
    /** How late a new topic or partition is noticed; Kafka's own five minutes would be long for a watermark. */
    private static final int METADATA_MAX_AGE_MILLIS = 30_000;

    /** Kafka's default. A batch that is larger is to be filled by one poll. */
    private static final int MIN_POLL_RECORDS = 500;

    /** Settings on which exactly-once rests. */
    private static final Set<String> OURS = Set.of(
            ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
            ConsumerConfig.ISOLATION_LEVEL_CONFIG,
            ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
            ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG,
            ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG);

    public RunnerConfig {
        kafka = Map.copyOf(kafka);
        if (!kafka.containsKey(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG)) {
            throw new IllegalArgumentException("kafka property bootstrap.servers is missing; set it to host:port");
        }
        for (String name : OURS) {
            if (kafka.containsKey(name)) {
                throw new IllegalArgumentException(
                        "kafka property " + name + " is set by the runner; remove it from the configuration");
            }
        }
        if (workers < 1 || workers > MAX_WORKERS) {
            throw new IllegalArgumentException("workers must be from 1 to " + MAX_WORKERS + ", not " + workers);
        }
        if (drainTimeout.isNegative()) {
            throw new IllegalArgumentException("drainTimeout must not be negative, but is " + drainTimeout);
        }
    }

    /** Two workers, and ten seconds for handlers to end. */
    public static RunnerConfig of(DataSource database, Map<String, Object> kafka) {
        return new RunnerConfig(database, kafka, 2, Duration.ofSeconds(10));
    }

    public RunnerConfig workers(int number) {
        return new RunnerConfig(database, kafka, number, drainTimeout);
    }

    public RunnerConfig drainTimeout(Duration timeout) {
        return new RunnerConfig(database, kafka, workers, timeout);
    }

    /** @throws org.apache.kafka.common.KafkaException when a Kafka property is not acceptable */
    public void check(Projection projection) {
        ConsumerConfig.configDef().parse(consumerProperties(projection, groupId(projection)));
    }

    /** The Kafka group of the generation that is read: {@code group.id} where that is set, else the projection's name. */
    public String groupId(Projection projection) {
        return String.valueOf(kafka.getOrDefault(ConsumerConfig.GROUP_ID_CONFIG, projection.name()));
    }

    /** Its own while it is built: the offsets of the projection's group tell how far the generation is that is read. */
    public String buildingGroupId(Projection projection) {
        return groupId(projection) + "-g" + projection.generation();
    }

    /** Partitions that stay with a member go on during a rebalance, unless another assignor or protocol is set. */
    public Map<String, Object> consumerProperties(Projection projection, String group) {
        Map<String, Object> properties = new HashMap<>();
        if (!kafka.containsKey(ConsumerConfig.GROUP_PROTOCOL_CONFIG)) {
            properties.put(
                    ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, CooperativeStickyAssignor.class.getName());
        }
        properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false); // the relay makes them, as configured
        properties.put(ConsumerConfig.METADATA_MAX_AGE_CONFIG, METADATA_MAX_AGE_MILLIS);
        properties.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, Math.max(MIN_POLL_RECORDS, projection.maxBatch()));
        properties.putAll(kafka);
        properties.put(ConsumerConfig.GROUP_ID_CONFIG, group);
        properties.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        properties.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none"); // the progress decides, and a gap is an error
        return properties;
    }
}
