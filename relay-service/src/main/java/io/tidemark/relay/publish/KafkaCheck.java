package io.tidemark.relay.publish;

import io.tidemark.relay.config.KafkaConfig;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;

/** Whether Kafka can be used as configured, before the first event. */
public final class KafkaCheck {

    private static final int TIMEOUT_SECONDS = 10;

    private KafkaCheck() {}

    /**
     * Asks the cluster.
     *
     * @return a description of it
     * @throws PublishFailure when it does not answer or has too few brokers
     */
    public static String describe(KafkaConfig kafka) throws PublishFailure, InterruptedException {
        Map<String, ?> inTime = Map.of(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, TIMEOUT_SECONDS * 1000);
        try (Admin admin = Admin.create(kafka.client("tidemark-check", inTime))) {
            int brokers = admin.describeCluster()
                    .nodes()
                    .get(TIMEOUT_SECONDS, TimeUnit.SECONDS)
                    .size();
            int wanted = kafka.topics().replicationFactor();
            if (kafka.topics().autoCreate() && brokers < wanted) {
                throw PublishFailure.of(new org.apache.kafka.common.errors.InvalidReplicationFactorException(
                        "kafka.topics.replicationFactor is " + wanted + ", but the cluster has " + brokers
                                + " brokers; set it to at most that"));
            }
            return brokers + " brokers at " + kafka.bootstrapServers();
        } catch (ExecutionException | TimeoutException e) {
            throw PublishFailure.of(new org.apache.kafka.common.errors.TimeoutException(
                    "no answer from "
                            + kafka.bootstrapServers() + " within " + TIMEOUT_SECONDS
                            + " s; check kafka.bootstrapServers and that the brokers run",
                    e));
        }
    }
}
