// SPDX-License-Identifier: Apache-2.0
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
 * Sends events that cannot be applied to the dead-letter topic, unchanged, with headers for their origin and the
 * reason. Connects with the first event. Safe on any thread. At least once: the progress is committed afterwards.
 */
public final class DeadLetterSender implements AutoCloseable {

    /** Where the event was read: {@code topic-partition@offset}. It identifies repeated dead letters. */
    static final String ORIGIN = DeadLetters.HEADER_PREFIX + "origin";

    static final String PROJECTION = DeadLetters.HEADER_PREFIX + "projection";
    static final String ATTEMPTS = DeadLetters.HEADER_PREFIX + "attempts";

    /** Maximum length of a reason. Longer ones are cut, so that the reason cannot make the record too large. */
    private static final int MAX_REASON_CHARS = 2000;

    private static final Logger LOG = LoggerFactory.getLogger(DeadLetterSender.class);

    private final String projection;
    private final Map<String, Object> kafka;
    private final Clock clock;
    private @Nullable KafkaProducer<byte[], byte[]> producer;

    /** It is not certain that the dead letter was sent. */
    static final class NotSent extends Exception {
        NotSent(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** Every retry would be refused. */
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

    /** Returns when the brokers have acknowledged it. */
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
