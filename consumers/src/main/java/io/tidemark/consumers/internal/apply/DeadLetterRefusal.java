// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.apply;

import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicExistsException;

/** Decides what a refusal of a dead letter, or of its topic, means. */
final class DeadLetterRefusal {

    private DeadLetterRefusal() {}

    /** Whether Kafka would refuse every retry. A missing right is not permanent, because it can be granted. */
    static boolean isPermanent(Throwable refusal) {
        return refusal instanceof RecordTooLargeException
                || refusal instanceof RecordBatchTooLargeException
                || refusal instanceof InvalidTopicException
                || refusal instanceof InvalidRecordException
                || refusal instanceof InvalidTimestampException
                || refusal instanceof IllegalArgumentException;
    }

    /**
     * Whether to send although the topic was not created. It may exist, and a client with the right to write is enough.
     */
    static boolean allowsSendingAnyway(Throwable whyTopicWasNotMade) {
        return whyTopicWasNotMade instanceof TopicExistsException
                || whyTopicWasNotMade instanceof AuthorizationException
                || whyTopicWasNotMade instanceof PolicyViolationException;
    }
}
