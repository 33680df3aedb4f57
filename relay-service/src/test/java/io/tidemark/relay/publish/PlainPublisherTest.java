// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.relay.route.OutgoingEvent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.RoundRobinPartitioner;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

class PlainPublisherTest {

    private final MockProducer<byte[], byte[]> producer = new MockProducer<>(
            false, new RoundRobinPartitioner(), new ByteArraySerializer(), new ByteArraySerializer());
    private final PlainPublisher publisher = new PlainPublisher(producer);
    private final List<String> told = new ArrayList<>();

    private void send(String name) throws PublishFailure {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        publisher.send(new OutgoingEvent("orders", bytes, bytes, List.of(), 1), new PlainPublisher.Delivery() {
            @Override
            public void acknowledged() {
                told.add(name + " acknowledged");
            }

            @Override
            public void refused(String reason) {
                told.add(name + " " + reason);
            }
        });
    }

    @Test
    void refusesOneBadEventAndContinues() throws Exception {
        send("first");
        send("large");
        send("last");
        producer.completeNext();
        producer.errorNext(new RecordTooLargeException("5 MB"));
        producer.completeNext();
        publisher.flush();

        assertThat(told).hasSize(3).first().isEqualTo("first acknowledged");
        assertThat(told.get(1)).startsWith("large is refused by Kafka").contains("5 MB");
        assertThat(told.get(2)).isEqualTo("last acknowledged");
    }

    @Test
    void refusesTheLastOne() throws Exception {
        send("large");
        producer.errorNext(new RecordTooLargeException("5 MB"));
        assertThat(told).as("its batch may not be through").isEmpty();

        publisher.flush();

        assertThat(told).hasSize(1).first().asString().startsWith("large is refused by Kafka");
    }

    /** Kafka does not report which record was the cause, so none is refused. */
    @Test
    void refusesNoneOfABatchThatIsRefusedAsAWhole() throws Exception {
        InvalidTimestampException ofAll = new InvalidTimestampException("1970");
        for (String name : List.of("first", "second", "third")) {
            send(name);
        }
        for (int i = 0; i < 3; i++) {
            producer.errorNext(ofAll);
        }

        assertThatThrownBy(publisher::flush).isInstanceOf(PublishFailure.class).hasMessageContaining("1970");
        assertThatThrownBy(() -> send("next")).isInstanceOf(PublishFailure.class);
        assertThat(told).isEmpty();
    }

    @Test
    void failsForAnythingElse() throws Exception {
        send("first");
        producer.errorNext(new TimeoutException("away"));

        assertThatThrownBy(publisher::flush).isInstanceOf(PublishFailure.class).hasMessageContaining("away");
        assertThat(told).isEmpty();
    }
}
