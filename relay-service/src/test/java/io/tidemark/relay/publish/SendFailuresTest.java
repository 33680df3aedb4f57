// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publish;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Position;
import java.util.Objects;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Failures in the orders in which the producer of Kafka's clients 4.3 calls back. */
class SendFailuresTest {

    private static final Position FIRST = new Position(1, Lsn.parse("0/10"), 0);
    private static final Position SECOND = new Position(1, Lsn.parse("0/20"), 0);
    private static final Position THIRD = new Position(1, Lsn.parse("0/20"), 1);

    private final SendFailures failures = new SendFailures();

    @Test
    void attributesAFailedBatchToItsFirstRefusedRecord() {
        RecordTooLargeException tooLarge = new RecordTooLargeException("too large");

        failures.add(tooLarge, SECOND);
        failures.add(tooLarge, FIRST);
        failures.add(tooLarge, null);

        assertThat(failures.suggestsRefusal()).isTrue();
        assertThat(failures.refusal())
                .contains(new Refusal(SECOND, "is refused by Kafka: RecordTooLargeException: too large"));
        assertThat(Objects.requireNonNull(failures.failure()).kind()).isEqualTo(PublishFailure.Kind.HALT);
    }

    /** The topic's other records are refused when they are sent. */
    @Test
    void blamesTheFirstRecordOfATopicThatKafkaRefuses() {
        InvalidTopicException internal = new InvalidTopicException("Topic '__x' is invalid");

        failures.add(internal, FIRST);
        failures.add(internal, SECOND);

        assertThat(failures.refusal().map(Refusal::event)).contains(FIRST);
    }

    @Test
    void blamesTheOneRecordOfABatchThatTheBrokerNames() {
        failures.add(new KafkaException("part of a batch which had one more more invalid records"), FIRST);
        assertThat(failures.suggestsRefusal()).isTrue();
        failures.add(new InvalidTimestampException("in the future"), SECOND);
        failures.add(new KafkaException("part of a batch which had one more more invalid records"), THIRD);

        assertThat(failures.refusal().map(Refusal::event)).contains(SECOND);
        assertThat(Objects.requireNonNull(failures.failure()).getMessage()).contains("in the future");
    }

    @Test
    void attributesNoEventWhenAWholeBatchIsRefused() {
        InvalidRecordException wholeBatch = new InvalidRecordException("bad batch");

        failures.add(wholeBatch, FIRST);
        failures.add(wholeBatch, SECOND);

        assertThat(failures.refusal()).isEmpty();
        assertThat(Objects.requireNonNull(failures.failure()).kind()).isEqualTo(PublishFailure.Kind.HALT);
    }

    @Test
    void blamesNoEventForTheRecordOfThePosition() {
        RecordTooLargeException tooLarge = new RecordTooLargeException("too large");

        failures.add(tooLarge, null);
        failures.add(tooLarge, FIRST);

        assertThat(failures.refusal()).isEmpty();
    }

    static KafkaException[] notAboutARecord() {
        return new KafkaException[] {
            new TimeoutException("x"),
            new ProducerFencedException("x"),
            new TopicAuthorizationException("x"),
            new RecordBatchTooLargeException("x")
        };
    }

    @ParameterizedTest
    @MethodSource("notAboutARecord")
    void attributesNoEventToAFailureThatConcernsNoRecord(KafkaException failure) {
        failures.add(failure, FIRST);

        assertThat(failures.suggestsRefusal()).isFalse();
        assertThat(failures.refusal()).isEmpty();
        assertThat(failures.failure()).isNotNull();
    }

    @Test
    void forgetsEverythingForTheNextTransaction() {
        failures.add(new RecordTooLargeException("x"), FIRST);

        failures.clear();

        assertThat(failures.failure()).isNull();
        assertThat(failures.suggestsRefusal()).isFalse();
        assertThat(failures.refusal()).isEmpty();
    }
}
