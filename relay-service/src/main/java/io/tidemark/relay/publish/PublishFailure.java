// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publish;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.reason.Reason;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.InvalidTxnTimeoutException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.jspecify.annotations.Nullable;

/**
 * Decides what a failure of Kafka means. In every case the producer is closed and the run ends. A new run waits in
 * {@code initTransactions()} until the outcome of the last transaction is settled, and reads the position again. So a
 * commit with an unknown outcome is never assumed, and never aborted.
 */
public final class PublishFailure extends Exception {

    /** What to do next. */
    public enum Kind {
        /** Temporary: start a new run soon. */
        RETRY,
        /** Another relay has taken over this source. */
        FENCED,
        /** A right is missing: nothing is lost by trying again, but a person must grant it. */
        NO_RIGHT,
        /** The same events would fail again: a person must change something. */
        HALT
    }

    private final Kind kind;

    private PublishFailure(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }

    /** Something does not exist yet; nothing is lost by waiting for it. */
    static PublishFailure notYet(String message) {
        return new PublishFailure(Kind.RETRY, message, null);
    }

    /** A failure that only a person can fix; the message says how. */
    public static PublishFailure halt(String message, @Nullable Throwable cause) {
        return new PublishFailure(Kind.HALT, message, cause);
    }

    /** The same failure with an addition to its message. */
    public PublishFailure adding(String hint) {
        return new PublishFailure(kind, getMessage() + "; " + hint, this);
    }

    /** Classifies by the outermost cause that has a definite meaning. */
    public static PublishFailure of(Throwable failure) {
        for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof ProducerFencedException || cause instanceof InvalidProducerEpochException) {
                return new PublishFailure(
                        Kind.FENCED, "another relay publishes this source now: " + text(cause), failure);
            }
            if (cause instanceof AuthorizationException || cause instanceof AuthenticationException) {
                return new PublishFailure(
                        Kind.NO_RIGHT,
                        "Kafka refuses the relay's user: " + text(cause) + "; " + rightFor(cause),
                        failure);
            }
            if (isAboutTheProperties(cause)) {
                return new PublishFailure(
                        Kind.HALT,
                        "Kafka's client cannot use its properties: " + text(cause)
                                + "; nothing is lost; change kafka.properties or its propertiesFile, then restart the"
                                + " relay",
                        failure);
            }
            if (isOfAnOldBroker(cause)) {
                return new PublishFailure(
                        Kind.HALT,
                        "Kafka is older than 3.6, the oldest that Tidemark works with: " + text(cause)
                                + "; nothing is lost; upgrade the brokers",
                        failure);
            }
            if (isAboutTheRecords(cause)) {
                return new PublishFailure(Kind.HALT, "Kafka refuses the events: " + text(cause), failure);
            }
        }
        return new PublishFailure(Kind.RETRY, "Kafka: " + text(failure), failure);
    }

    /** Names the missing right in the terms of an ACL. */
    private static String rightFor(Throwable refusal) {
        if (refusal instanceof TopicAuthorizationException topics) {
            Set<String> names = topics.unauthorizedTopics(); // empty when it was refused before any topic was checked
            return "grant it Describe and Write on " + (names.isEmpty() ? "its topics" : names)
                    + ", Create where topics are to be made, and Read where the topic's name begins with tidemark.";
        }
        if (refusal instanceof TransactionalIdAuthorizationException) {
            return "grant it Describe and Write on the transactional id tidemark-<source>";
        }
        if (refusal instanceof GroupAuthorizationException group) {
            return "grant it Describe on the consumer group " + group.groupId();
        }
        if (refusal instanceof ClusterAuthorizationException) {
            return "grant it IdempotentWrite on the cluster, and Create where kafka.topics.autoCreate is true";
        }
        return "check the credentials in kafka.properties or its propertiesFile";
    }

    /** The same failure, naming the transaction of its event; unchanged when it has none. */
    PublishFailure at(@Nullable Lsn commitLsn) {
        return commitLsn == null
                ? this
                : new PublishFailure(kind, getMessage() + " (in the transaction committed at " + commitLsn + ")", this);
    }

    /** Whether Kafka has not answered, or not accepted what was sent, in time. */
    public boolean isTimeout() {
        for (@Nullable Throwable cause = this; cause != null; cause = cause.getCause()) {
            if (cause instanceof TimeoutException) {
                return true;
            }
        }
        return false;
    }

    /** Whether Kafka refuses a topic with that name or those settings. */
    public boolean isAboutTheTopic() {
        for (@Nullable Throwable cause = this; cause != null; cause = cause.getCause()) {
            if (cause instanceof InvalidTopicException || cause instanceof PolicyViolationException) {
                return true;
            }
        }
        return false;
    }

    /** Excludes host names that cannot be resolved now: they are reported the same way, and may resolve later. */
    private static boolean isAboutTheProperties(Throwable cause) {
        boolean isUnresolved =
                String.valueOf(cause.getMessage()).contains(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG);
        return (cause instanceof ConfigException && !isUnresolved) || cause instanceof InvalidTxnTimeoutException;
    }

    /** Of the settings of the relay's topics, {@code message.timestamp.after.max.ms} is the newest (KIP-937). */
    public static boolean isOfAnOldBroker(Throwable cause) {
        return cause instanceof InvalidConfigurationException
                && String.valueOf(cause.getMessage()).contains("Unknown topic config name");
    }

    private static boolean isAboutTheRecords(Throwable cause) {
        return cause instanceof RecordTooLargeException
                || cause instanceof InvalidTopicException
                || cause instanceof InvalidTimestampException
                || cause instanceof InvalidConfigurationException
                || cause instanceof PolicyViolationException
                || cause instanceof UnsupportedVersionException;
    }

    /** The message of Kafka's client, with the exception's name as in its documentation. */
    public static String text(Throwable failure) {
        Throwable told = failure;
        while (told.getCause() != null && isWrapper(told)) {
            told = told.getCause();
        }
        return told.getClass().getSimpleName() + ": " + Reason.of(told);
    }

    private static boolean isWrapper(Throwable failure) {
        return failure.getClass() == KafkaException.class || failure instanceof ExecutionException;
    }
}
