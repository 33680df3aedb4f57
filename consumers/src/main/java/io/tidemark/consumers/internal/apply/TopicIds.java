// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.apply;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The topic ids of Kafka (KIP-516). A topic that is deleted and created again has another id, and its offsets belong to
 * other events. Needs the right Describe on the topic, which Read implies. Connects with the first query. Safe on any
 * thread; blocks its caller for at most five seconds.
 */
public final class TopicIds implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(TopicIds.class);
    private static final long TIMEOUT_SECONDS = 5;
    private static final long KEPT_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Source source;
    private final Map<String, Known> known = new ConcurrentHashMap<>();

    /** The source of ids; empty if the brokers have none. */
    interface Source extends AutoCloseable {
        Optional<String> idOf(String topic) throws InterruptedException, ExecutionException, TimeoutException;

        @Override
        void close();
    }

    private record Known(Optional<String> id, long askedNanos) {}

    /** Kafka did not return the id in time, or refused to. */
    static final class Unknown extends Exception {
        private static final long serialVersionUID = 1L;

        Unknown(String topic, Throwable cause) {
            super(
                    "cannot read the id of topic " + topic + ": "
                            + (cause instanceof TimeoutException ? "Kafka did not answer in time" : cause),
                    cause);
        }
    }

    /** @param kafka the consumer's properties */
    public TopicIds(Map<String, Object> kafka) {
        this(new FromBrokers(kafka));
    }

    TopicIds(Source source) {
        this.source = source;
    }

    /** The current id of the topic; empty if the brokers have none (before Kafka 2.8). */
    Optional<String> now(String topic) throws Unknown, InterruptedException {
        long askedNanos = System.nanoTime();
        try {
            Optional<String> id = source.idOf(topic);
            Known before = known.put(topic, new Known(id, askedNanos));
            if (id.isEmpty() && before == null) {
                LOG.info(
                        "event=topic-without-id topic={} effect=\"a topic that was created again is not"
                                + " detected\"",
                        topic);
            }
            return id;
        } catch (ExecutionException e) {
            throw new Unknown(topic, e.getCause() == null ? e : e.getCause());
        } catch (TimeoutException e) {
            throw new Unknown(topic, e);
        }
    }

    /** The topic's id, read at most ten seconds ago. */
    Optional<String> recent(String topic) throws Unknown, InterruptedException {
        Known last = known.get(topic);
        return last != null && System.nanoTime() - last.askedNanos() < KEPT_NANOS ? last.id() : now(topic);
    }

    @Override
    public void close() {
        source.close();
    }

    private static final class FromBrokers implements Source {

        private final Map<String, Object> kafka;
        private @Nullable Admin admin;

        FromBrokers(Map<String, Object> kafka) {
            this.kafka = kafka;
        }

        private synchronized Admin connected() {
            if (admin == null) {
                admin = Admin.create(ClientProperties.known(kafka, AdminClientConfig.configNames()));
            }
            return admin;
        }

        @Override
        public Optional<String> idOf(String topic) throws InterruptedException, ExecutionException, TimeoutException {
            KafkaFuture<TopicDescription> described =
                    connected().describeTopics(List.of(topic)).topicNameValues().get(topic);
            Uuid id = Objects.requireNonNull(described)
                    .get(TIMEOUT_SECONDS, TimeUnit.SECONDS)
                    .topicId();
            return Uuid.ZERO_UUID.equals(id) ? Optional.empty() : Optional.of(id.toString());
        }

        @Override
        public synchronized void close() {
            if (admin != null) {
                admin.close(Duration.ofSeconds(TIMEOUT_SECONDS));
            }
        }
    }
}
