// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import javax.sql.DataSource;
import org.apache.kafka.clients.consumer.ConsumerConfig;

/**
 * The settings of a runner. Immutable; the constructor rejects values out of range with an
 * {@link IllegalArgumentException} that names the setting.
 *
 * @param database the projection's database; a connection is taken for each transaction, so use a pool with one
 *     connection for each worker, and one more
 * @param kafka properties of Kafka clients: {@code bootstrap.servers} (required), security, timeouts, {@code group.id}
 *     (default: the projection's name). Properties on which exactly-once depends must not be set
 * @param workers maximum number of partitions processed at the same time, each on a separate connection; 1 to 256
 * @param drainTimeout timeout of a rebalance or a shutdown for handlers that are running; zero or longer
 */
public record RunnerConfig(DataSource database, Map<String, Object> kafka, int workers, Duration drainTimeout) {

    private static final int MAX_WORKERS = 256;

    /** Settings on which exactly-once depends. */
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

    /** Two workers, and a drain timeout of ten seconds. */
    public static RunnerConfig of(DataSource database, Map<String, Object> kafka) {
        return new RunnerConfig(database, kafka, 2, Duration.ofSeconds(10));
    }

    /** The same settings with another number of workers. */
    public RunnerConfig workers(int number) {
        return new RunnerConfig(database, kafka, number, drainTimeout);
    }

    /** The same settings with another drain timeout. */
    public RunnerConfig drainTimeout(Duration timeout) {
        return new RunnerConfig(database, kafka, workers, timeout);
    }
}
