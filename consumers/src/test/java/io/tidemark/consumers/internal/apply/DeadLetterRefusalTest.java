// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.apply;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.NotEnoughReplicasException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.junit.jupiter.api.Test;

class DeadLetterRefusalTest {

    @Test
    void treatsRefusalsThatEveryBrokerGivesAsPermanent() {
        assertThat(DeadLetterRefusal.isPermanent(new RecordTooLargeException("2 MiB")))
                .isTrue();
        assertThat(DeadLetterRefusal.isPermanent(new InvalidTopicException("a/b")))
                .isTrue();
    }

    @Test
    void treatsRefusalsThatMayChangeAsTemporary() {
        assertThat(DeadLetterRefusal.isPermanent(new TimeoutException("no answer")))
                .isFalse();
        assertThat(DeadLetterRefusal.isPermanent(new NotEnoughReplicasException("1 of 2")))
                .isFalse();
        assertThat(DeadLetterRefusal.isPermanent(new TopicAuthorizationException(Set.of("letters"))))
                .as("the right may be granted")
                .isFalse();
    }

    @Test
    void allowsSendingIfTheTopicCouldNotBeCreated() {
        assertThat(DeadLetterRefusal.allowsSendingAnyway(new TopicExistsException("letters")))
                .isTrue();
        assertThat(DeadLetterRefusal.allowsSendingAnyway(new TopicAuthorizationException(Set.of("letters"))))
                .isTrue();
        assertThat(DeadLetterRefusal.allowsSendingAnyway(new TimeoutException("no answer")))
                .isFalse();
        assertThat(DeadLetterRefusal.allowsSendingAnyway(new InvalidTopicException("a/b")))
                .isFalse();
    }
}
