package io.tidemark.consumers.apply;

import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicExistsException;

/** Decides what it means that a dead letter, or the topic for it, was refused. */
final class LetterRule {

    private LetterRule() {}

    /** Whether it will be refused however often it is sent. A right that is missing may be given at any time. */
    static boolean isRefusedForGood(Throwable refusal) {
        return refusal instanceof RecordTooLargeException
                || refusal instanceof RecordBatchTooLargeException
                || refusal instanceof InvalidTopicException
                || refusal instanceof InvalidRecordException
                || refusal instanceof InvalidTimestampException
                || refusal instanceof IllegalArgumentException;
    }

    /** Whether to send although the topic was not made: it may be there, and who may write need not be let make it. */
    static boolean canDoWithout(Throwable whyTopicWasNotMade) {
        return whyTopicWasNotMade instanceof TopicExistsException
                || whyTopicWasNotMade instanceof AuthorizationException
                || whyTopicWasNotMade instanceof PolicyViolationException;
    }
}
