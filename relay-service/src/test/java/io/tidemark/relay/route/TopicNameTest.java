// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.route;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TopicNameTest {

    @Test
    void acceptsNamesThatKafkaAccepts() {
        assertThat(TopicName.whyNot("outbox.Order_1-x")).isNull();
        assertThat(TopicName.whyNot("t".repeat(249))).isNull();
        assertThat(TopicName.whyNot("...")).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "a b", "ä", "a/b", "a\u0000"})
    void rejectsNamesThatKafkaRejects(String topic) {
        assertThat(TopicName.whyNot(topic)).contains("not a legal topic name");
        assertThat(TopicName.whyNot("t".repeat(250))).contains("not a legal topic name");
    }

    @Test
    void rejectsInternalTopics() {
        assertThat(TopicName.whyNot("tidemark.positions")).contains("an internal topic");
    }

    @ParameterizedTest
    @ValueSource(strings = {"__transaction_state", "__consumer_offsets", "__anything"})
    void refusesKafkasInternalNames(String topic) {
        assertThat(TopicName.whyNot(topic)).contains("Kafka's internal names");
    }
}
