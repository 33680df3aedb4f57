package io.tidemark.consumers.apply;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.NotEnoughReplicasException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.junit.jupiter.api.Test;

class LetterRuleTest {

    @Test
    void whatNoBrokerWillEverTakeIsNotSentAgain() {
        assertThat(LetterRule.isRefusedForGood(new RecordTooLargeException("2 MiB")))
                .isTrue();
        assertThat(LetterRule.isRefusedForGood(new InvalidTopicException("a/b")))
                .isTrue();
    }

    @Test
    void whatMayChangeIsSentAgain() {
        assertThat(LetterRule.isRefusedForGood(new TimeoutException("no answer")))
                .isFalse();
        assertThat(LetterRule.isRefusedForGood(new NotEnoughReplicasException("1 of 2")))
                .isFalse();
        assertThat(LetterRule.isRefusedForGood(new TopicAuthorizationException(Set.of("letters"))))
                .as("the right may be given")
                .isFalse();
    }

    @Test
    void whoMayOnlyWriteNeedNotMakeTheTopic() {
        assertThat(LetterRule.canDoWithout(new TopicExistsException("letters"))).isTrue();
        assertThat(LetterRule.canDoWithout(new TopicAuthorizationException(Set.of("letters"))))
                .isTrue();
        assertThat(LetterRule.canDoWithout(new TimeoutException("no answer"))).isFalse();
        assertThat(LetterRule.canDoWithout(new InvalidTopicException("a/b"))).isFalse();
    }
}
