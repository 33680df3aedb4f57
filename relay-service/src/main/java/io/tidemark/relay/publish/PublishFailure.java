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
 * Decides what a failure of Kafka means. Whatever it means, the producer is closed and the run ends: a fresh one waits
 * in {@code initTransactions()} until the outcome of the last transaction is settled, and reads the position again. So
 * a commit whose outcome is unknown is never assumed, and never aborted.
 */
public final class PublishFailure extends Exception {

    /** What to do next. */
    public enum Kind {
        /** Passing: a fresh run soon. */
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

    /** Something is not there yet; nothing is lost by waiting for it. */
    static PublishFailure notYet(String message) {
        return new PublishFailure(Kind.RETRY, message, null);
    }

    /** What only a person can change, in a sentence that says how. */
    public static PublishFailure halt(String message, @Nullable Throwable cause) {
        return new PublishFailure(Kind.HALT, message, cause);
    }

    /** The same, with more to say. */
    public PublishFailure adding(String hint) {
        return new PublishFailure(kind, getMessage() + "; " + hint, this);
    }

    /** Classifies by the outermost cause that says something definite. */
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

    /** Names the right that is missing, as an ACL has it. */
    private static String rightFor(Throwable refusal) {
        if (refusal instanceof TopicAuthorizationException topics) {
            Set<String> names = topics.unauthorizedTopics(); // none when it was refused before it was asked about any
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

    /** The same, naming the transaction whose event it was, if it was one. */
    PublishFailure at(@Nullable Lsn commitLsn) {
        return commitLsn == null
                ? this
                : new PublishFailure(kind, getMessage() + " (in the transaction committed at " + commitLsn + ")", this);
    }

    /** Whether Kafka has not answered, or not taken what was sent, in time. */
    public boolean isTimeout() {
        for (@Nullable Throwable cause = this; cause != null; cause = cause.getCause()) {
            if (cause instanceof TimeoutException) {
                return true;
            }
        }
        return false;
    }

    /** Whether Kafka refuses to have a topic of that name, or made like that. */
    public boolean isAboutTheTopic() {
        for (@Nullable Throwable cause = this; cause != null; cause = cause.getCause()) {
            if (cause instanceof InvalidTopicException || cause instanceof PolicyViolationException) {
                return true;
            }
        }
        return false;
    }

    /** Names that do not resolve just now are reported the same way, and may resolve later. */
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

    /** What Kafka's client said, with the name that its documentation has for it. */
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
