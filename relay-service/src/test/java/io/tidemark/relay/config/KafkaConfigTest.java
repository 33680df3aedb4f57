package io.tidemark.relay.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class KafkaConfigTest {

    @Test
    void aClientHasTheUsersPropertiesBeforeOurDefaults() {
        Map<String, String> users = Map.of("linger.ms", "7", "client.id", "theirs");
        KafkaConfig kafka = new KafkaConfig("kafka:9092", users, null);

        Map<String, Object> client = kafka.client("ours", Map.of("linger.ms", 0, "batch.size", 1));

        assertThat(client)
                .containsEntry("linger.ms", "7")
                .containsEntry("batch.size", 1)
                .containsEntry("client.id", "ours")
                .containsEntry("bootstrap.servers", "kafka:9092");
    }

    /** Kafka's half a minute held the relay up three times over when a broker stood still (BrokerLossIT). */
    @Test
    void aClientAsksAnotherBrokerSoonUnlessUsersSayOtherwise() {
        assertThat(new KafkaConfig("kafka:9092", null, null).client("ours", Map.of()))
                .containsEntry("request.timeout.ms", 5_000);
        assertThat(new KafkaConfig("kafka:9092", Map.of("request.timeout.ms", "20000"), null).client("ours", Map.of()))
                .containsEntry("request.timeout.ms", "20000");
    }
}
