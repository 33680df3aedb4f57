package io.tidemark.consumers.internal.apply;

import io.tidemark.consumers.Event;
import io.tidemark.outbox.DeadLetters;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends events that cannot be applied to their topic, as they came, with headers that say from where and why. Connects
 * with the first one. Safe on any thread. At least once: the progress is committed afterwards.
 */
public final class DeadLetterSender implements AutoCloseable {

    /** Where the event was read, {@code topic-partition@offset}: by it a repeated dead letter is recognised. */
    static final String ORIGIN = DeadLetters.HEADER_PREFIX + "origin";

    static final String PROJECTION = DeadLetters.HEADER_PREFIX + "projection";
    static final String ATTEMPTS = DeadLetters.HEADER_PREFIX + "attempts";

    /** Longer reasons are cut: a record must not fail for its explanation. */
    private static final int MAX_REASON_CHARS = 2000;

    private static final Logger LOG = LoggerFactory.getLogger(DeadLetterSender.class);

    private final String projection;
    private final Map<String, Object> kafka;
    private final Clock clock;
    private @Nullable KafkaProducer<byte[], byte[]> producer;

    /** The dead letter is not there for certain. */
    static final class NotSent extends Exception {
        NotSent(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** No broker will take it, however often it is sent. */
    static final class Unacceptable extends Exception {
        Unacceptable(String message, Throwable cause) {
            super(message, cause);
        }
    }

    public DeadLetterSender(String projection, Map<String, Object> kafka, Clock clock) {
        this.projection = projection;
        this.kafka = kafka;
        this.clock = clock;
    }

    /** Returns when the brokers have it. */
    public void send(Job.SendDeadLetter job) throws NotSent, Unacceptable {
        try {
            connected(job.topic()).send(letter(job)).get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NotSent("interrupted while sending a dead letter to " + job.topic(), e);
        } catch (ExecutionException | KafkaException | IllegalArgumentException e) {
            Throwable refusal = e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
            String message = "cannot send a dead letter to " + job.topic() + ": " + refusal.getMessage();
            if (DeadLetterRefusal.isPermanent(refusal)) {
                throw new Unacceptable(message, refusal);
            }
            throw new NotSent(message, refusal);
        }
    }

    private ProducerRecord<byte[], byte[]> letter(Job.SendDeadLetter job) {
        Event event = job.event();
        ProducerRecord<byte[], byte[]> letter = new ProducerRecord<>(
                job.topic(),
                null,
                event.timestamp().toEpochMilli(),
                event.record().key(),
                event.record().value());
        for (Header header : event.record().headers()) {
            letter.headers().add(header);
        }
        String reason = String.valueOf(job.reason());
        Map<String, String> about = Map.of(
                ORIGIN,
                event.toString(),
                PROJECTION,
                projection,
                ATTEMPTS,
                Integer.toString(job.attempts()),
                DeadLetters.REASON,
                reason.length() > MAX_REASON_CHARS ? reason.substring(0, MAX_REASON_CHARS) : reason,
                DeadLetters.TIME,
                clock.instant().toString());
        about.forEach((name, value) -> letter.headers().add(name, value.getBytes(StandardCharsets.UTF_8)));
        return letter;
    }

    private synchronized KafkaProducer<byte[], byte[]> connected(String topic)
            throws InterruptedException, ExecutionException {
        if (producer == null) {
            makeTopic(topic);
            Map<String, Object> properties = new HashMap<>(ClientProperties.known(kafka, ProducerConfig.configNames()));
            properties.put(ProducerConfig.ACKS_CONFIG, "all");
            properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
            producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
        }
        return producer;
    }

    private void makeTopic(String topic) throws InterruptedException, ExecutionException {
        try (Admin admin = Admin.create(ClientProperties.known(kafka, AdminClientConfig.configNames()))) {
            admin.createTopics(List.of(new NewTopic(topic, Optional.empty(), Optional.empty())))
                    .all()
                    .get();
        } catch (ExecutionException e) {
            Throwable why = e.getCause() == null ? e : e.getCause();
            if (!DeadLetterRefusal.allowsSendingAnyway(why)) {
                throw e;
            }
            LOG.info("event=dead-letter-topic-not-made topic={} reason=\"{}\"", topic, why.getMessage());
        }
    }

    @Override
    public synchronized void close() {
        if (producer != null) {
            producer.close();
        }
    }
}
