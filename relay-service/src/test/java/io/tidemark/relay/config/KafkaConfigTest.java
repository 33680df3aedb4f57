// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;

class KafkaConfigTest {

    @Test
    void aClientHasTheUsersPropertiesBeforeOurDefaults() {
        Map<String, String> users = Map.of("linger.ms", "7", "client.id", "theirs");
        KafkaConfig kafka = new KafkaConfig("kafka:9092", users, null, null);

        Map<String, Object> client = kafka.client("ours", Map.of("linger.ms", 0, "batch.size", 1));

        assertThat(client)
                .containsEntry("linger.ms", "7")
                .containsEntry("batch.size", 1)
                .containsEntry("client.id", "ours")
                .containsEntry("bootstrap.servers", "kafka:9092");
    }

    /** Kafka's admin client cannot be created with a timeout for an answer that is lower than the one for a request. */
    @Test
    void usersMayWaitLongerForARequestThanWeDoForAnAnswer() {
        Map<String, String> users = Map.of("request.timeout.ms", "30000");
        Map<String, Integer> ours = Map.of("default.api.timeout.ms", 20_000);

        Map<String, Object> client = new KafkaConfig("127.0.0.1:1", users, null, null).client("ours", ours);

        assertThat(client).containsEntry("default.api.timeout.ms", "30000");
        assertThatCode(() -> Admin.create(client).close(Duration.ZERO)).doesNotThrowAnyException();
    }

    /**
     * With Kafka's default of 30 seconds, a broker that stood still delayed the relay three times in a row
     * (BrokerLossIT).
     */
    @Test
    void aClientAsksAnotherBrokerSoonByDefault() {
        assertThat(new KafkaConfig("kafka:9092", null, null, null).client("ours", Map.of()))
                .containsEntry("request.timeout.ms", 5_000);
        assertThat(new KafkaConfig("kafka:9092", Map.of("request.timeout.ms", "20000"), null, null)
                        .client("ours", Map.of()))
                .containsEntry("request.timeout.ms", "20000");
    }
}
