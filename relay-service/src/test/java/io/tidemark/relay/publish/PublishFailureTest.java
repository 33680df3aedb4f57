// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publish;

import static io.tidemark.relay.publish.PublishFailure.Kind.FENCED;
import static io.tidemark.relay.publish.PublishFailure.Kind.HALT;
import static io.tidemark.relay.publish.PublishFailure.Kind.NO_RIGHT;
import static io.tidemark.relay.publish.PublishFailure.Kind.RETRY;
import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.apache.kafka.common.errors.CoordinatorNotAvailableException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidPidMappingException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.NotEnoughReplicasException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionAbortedException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PublishFailureTest {

    static Stream<Arguments> table() {
        return Stream.of(
                Arguments.of(new ProducerFencedException("x"), FENCED),
                Arguments.of(new InvalidProducerEpochException("x"), FENCED),
                Arguments.of(new TopicAuthorizationException(Set.of("orders")), NO_RIGHT),
                Arguments.of(new TransactionalIdAuthorizationException("x"), NO_RIGHT),
                Arguments.of(new SaslAuthenticationException("x"), NO_RIGHT),
                Arguments.of(new RecordTooLargeException("x"), HALT),
                Arguments.of(new RecordBatchTooLargeException("x"), HALT),
                Arguments.of(new InvalidRecordException("x"), HALT),
                Arguments.of(new InvalidTopicException("x"), HALT),
                Arguments.of(new InvalidTimestampException("x"), HALT),
                Arguments.of(new InvalidConfigurationException("x"), HALT),
                Arguments.of(new PolicyViolationException("x"), HALT),
                Arguments.of(new UnsupportedVersionException("x"), HALT),
                Arguments.of(new TimeoutException("x"), RETRY),
                Arguments.of(new NotEnoughReplicasException("x"), RETRY),
                Arguments.of(new CoordinatorNotAvailableException("x"), RETRY),
                Arguments.of(new OutOfOrderSequenceException("x"), RETRY),
                Arguments.of(new InvalidPidMappingException("x"), RETRY),
                Arguments.of(new TransactionAbortedException("x"), RETRY),
                Arguments.of(new KafkaException("x"), RETRY));
    }

    @ParameterizedTest
    @MethodSource("table")
    void decidesWhatAFailureMeansHoweverItIsWrapped(KafkaException cause, PublishFailure.Kind kind) {
        KafkaException inErrorState = new KafkaException("Cannot execute transactional method", cause);
        ExecutionException fromAdmin = new ExecutionException(cause);

        assertThat(PublishFailure.of(cause).kind()).isEqualTo(kind);
        assertThat(PublishFailure.of(inErrorState).kind()).isEqualTo(kind);
        assertThat(PublishFailure.of(fromAdmin).kind()).isEqualTo(kind);
        assertThat(PublishFailure.of(inErrorState))
                .hasMessageContaining(cause.getClass().getSimpleName());
    }

    @Test
    void usesTheOutermostDefiniteCause() {
        KafkaException fencedLater = new ProducerFencedException("x");
        fencedLater.initCause(new RecordTooLargeException("y"));

        assertThat(PublishFailure.of(fencedLater).kind()).isEqualTo(FENCED);
    }

    @Test
    void namesTheTransactionWhoseEventItWas() {
        PublishFailure failure = PublishFailure.of(new RecordTooLargeException("too large"));

        assertThat(failure.at(Lsn.parse("16/B374D848")))
                .hasMessageContainingAll("RecordTooLargeException", "too large", "16/B374D848");
        assertThat(failure.at(Lsn.parse("16/B374D848")).kind()).isEqualTo(HALT);
        assertThat(failure.at(null)).isSameAs(failure);
    }

    @Test
    void namesTheRightThatIsMissing() {
        assertThat(PublishFailure.of(new TopicAuthorizationException(Set.of("outbox.order"))))
                .hasMessageContainingAll("Describe and Write on [outbox.order]");
        assertThat(PublishFailure.of(new TransactionalIdAuthorizationException("x")))
                .hasMessageContaining("Describe and Write on the transactional id tidemark-<source>");
        assertThat(PublishFailure.of(new ClusterAuthorizationException("x")))
                .hasMessageContaining("IdempotentWrite on the cluster");
        assertThat(PublishFailure.of(new SaslAuthenticationException("x")))
                .hasMessageContaining("check the credentials in kafka.properties");
    }

    /** Brokers before 3.6 do not know {@code message.timestamp.after.max.ms}. */
    @Test
    void namesTheOldestKafkaWhereASettingOfItsTopicsIsUnknown() {
        PublishFailure failure = PublishFailure.of(new ExecutionException(
                new InvalidConfigurationException("Unknown topic config name: message.timestamp.after.max.ms")));

        assertThat(failure.kind()).isEqualTo(HALT);
        assertThat(failure).hasMessageContainingAll("older than 3.6", "upgrade the brokers");
        assertThat(PublishFailure.of(new InvalidConfigurationException("Invalid value -1 for retention.ms")))
                .hasMessageContaining("Kafka refuses the events");
    }

    @Test
    void haltsAtPropertiesThatCannotBeUsedButNotAtNamesThatDoNotResolve() {
        KafkaException unusable = new KafkaException(
                "Failed to construct kafka producer", new ConfigException("compression.type", "zst"));
        KafkaException unresolved = new KafkaException(
                "Failed to construct kafka producer",
                new ConfigException("No resolvable bootstrap urls given in bootstrap.servers"));

        assertThat(PublishFailure.of(unusable).kind()).isEqualTo(HALT);
        assertThat(PublishFailure.of(unusable)).hasMessageContaining("zst");
        assertThat(PublishFailure.of(unresolved).kind()).isEqualTo(RETRY);
    }
}
