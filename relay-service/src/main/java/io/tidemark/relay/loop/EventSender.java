// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.loop;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.OwnTopics;
import io.tidemark.outbox.Position;
import io.tidemark.relay.account.AuditTally;
import io.tidemark.relay.capture.CapturedEvent;
import io.tidemark.relay.failpoint.Failpoint;
import io.tidemark.relay.publish.KafkaTransaction;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.publish.PublishedTopics;
import io.tidemark.relay.publish.Refusal;
import io.tidemark.relay.route.OutgoingEvent;
import io.tidemark.relay.route.PoisonEvent;
import io.tidemark.relay.route.Router;
import io.tidemark.relay.trace.PublishTrace;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends events one by one into a Kafka transaction: each to its topic or, if it cannot go there and its route allows
 * it, to the dead letters. Remembers which events Kafka itself has refused until they are published, so that their
 * transaction can be sent again. On the publishing thread.
 */
final class EventSender {

    private static final Logger LOG = LoggerFactory.getLogger(EventSender.class);

    /**
     * Maximum number of events of a transaction that Kafka refuses before the relay halts: the limits of the topic are
     * too low.
     */
    private static final int MAX_REFUSED = 100;
    /** Time before another attempt to create a topic that Kafka has refused to create. */
    private static final long REFUSED_TOPIC_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final int timeline;
    private final Router router;
    private final PublishedTopics topics;
    private final KafkaTransaction kafka;
    private final AuditTally tally;
    private final BatchSize batchSize;
    private final PublishTrace trace = PublishTrace.detect();
    private final Map<Position, Refusal> refused = new HashMap<>();
    private final Map<String, RefusedTopic> refusedTopics = new HashMap<>();
    /** Events in the open Kafka transaction. */
    private int sent;

    private long begunNanos;
    /** Commit LSNs of the Postgres transactions of the events that were sent first and last. */
    private Lsn firstCommitLsn = Lsn.ZERO;

    private Lsn lastCommitLsn = Lsn.ZERO;
    private boolean isPart;
    /** Dead letters in the open Kafka transaction: the cause, by the position of the event. */
    private final Map<Position, PoisonEvent> deadLetters = new LinkedHashMap<>();

    private record RefusedTopic(PublishFailure failure, long untilNanos) {}

    EventSender(RunScope scope) {
        this.timeline = scope.identity().timeline();
        this.router = scope.router();
        this.topics = scope.topics();
        this.kafka = scope.kafka();
        this.tally = scope.tally();
        this.batchSize = scope.batchSize();
    }

    void begin() throws PublishFailure {
        deadLetters.clear();
        sent = 0;
        begunNanos = System.nanoTime();
        tally.begin();
        topics.begin();
        trace.begin();
        kafka.begin();
    }

    /** @throws PoisonEvent if the event cannot be published and may not become a dead letter */
    void send(CapturedEvent event, Lsn commitLsn, int ordinal, @Nullable String split)
            throws PublishFailure, InterruptedException {
        Position position = new Position(timeline, commitLsn, ordinal);
        try {
            send(addressed(event, position, split), event, position);
        } catch (PoisonEvent poison) {
            OutgoingEvent deadLetter = router.deadLetter(event, position, split, poison, Instant.now());
            deadLetters.put(position, poison);
            send(deadLetter, event, position);
        }
        if (event.hasRow()) {
            tally.add(event.id(), event.createdAtMillis());
        }
        firstCommitLsn = sent == 0 ? commitLsn : firstCommitLsn;
        lastCommitLsn = commitLsn;
        isPart = split != null;
        sent++;
        Failpoint.MID_SEND.reach();
    }

    private void send(OutgoingEvent outgoing, CapturedEvent event, Position position) throws PublishFailure {
        kafka.send(outgoing, position);
        trace.sent(event.traceparent(), event.tracestate(), outgoing.topic(), event.id());
    }

    private OutgoingEvent addressed(CapturedEvent event, Position position, @Nullable String split)
            throws PublishFailure, InterruptedException {
        OutgoingEvent outgoing = router.route(event, position, split);
        String tooLarge = kafka.tooLarge(outgoing);
        if (tooLarge != null) {
            throw new PoisonEvent(
                    Router.name(event, position), tooLarge, "raise max.request.size in kafka.properties", null);
        }
        Refusal refusal = refused.isEmpty() ? null : refused.get(position);
        if (refusal != null) {
            throw new PoisonEvent(
                    Router.name(event, position),
                    refusal.reason(),
                    "change what the topic " + outgoing.topic() + " takes (max.message.bytes for example)",
                    null);
        }
        ensureTopic(outgoing.topic(), event, position); // last: the topic of a dead letter's event holds nothing of it
        return outgoing;
    }

    private void ensureTopic(String topic, CapturedEvent event, Position position)
            throws PublishFailure, InterruptedException {
        RefusedTopic before = refusedTopics.isEmpty() ? null : refusedTopics.get(topic);
        if (before != null && System.nanoTime() - before.untilNanos() < 0) {
            throw cannotHaveTopic(topic, event, position, before.failure());
        }
        try {
            topics.use(topic);
        } catch (PublishFailure e) {
            if (e.kind() == PublishFailure.Kind.HALT && !e.isAboutTheTopic()) { // and not about this event either
                throw PublishFailure.halt(Router.name(event, position) + ": " + e.getMessage(), e);
            }
            if (!e.isAboutTheTopic()) {
                throw e;
            }
            refusedTopics.put(topic, new RefusedTopic(e, System.nanoTime() + REFUSED_TOPIC_NANOS));
            throw cannotHaveTopic(topic, event, position, e);
        }
    }

    private static PoisonEvent cannotHaveTopic(
            String topic, CapturedEvent event, Position position, PublishFailure failure) {
        return new PoisonEvent(
                Router.name(event, position),
                "would go to topic '" + topic + "', which cannot be made: " + failure.getMessage(),
                "make the topic, or change routes.topic or kafka.topics",
                failure);
    }

    /**
     * Called after a failure. If Kafka has refused one event because of its content, and the transaction was aborted,
     * remembers that event. When the transaction is sent again, the event becomes a dead letter, or is named in the
     * failure.
     *
     * @return the position of that event
     * @throws PublishFailure the given failure if it has another cause, or the failure of the abort; it ends the run
     */
    Position takeBack(PublishFailure failure) throws PublishFailure {
        Refusal refusal = kafka.takeBackIfRefused().orElseThrow(() -> tooSlow(failure));
        Position event = refusal.event();
        PoisonEvent deadLetter = deadLetters.get(event);
        if (deadLetter != null) {
            throw PublishFailure.halt(
                    "the dead letter of the event at " + event + ", which " + deadLetter.reason() + ", "
                            + refusal.reason() + "; raise "
                            + (refusal.reason().contains("max.request.size") // refused by the relay's own client
                                    ? "max.request.size in kafka.properties above that, and with it "
                                    : "")
                            + "max.message.bytes of topic " + OwnTopics.DEAD_LETTERS + ", then restart the relay",
                    failure);
        }
        refused.put(event, refusal);
        long ofItsTransaction = refused.keySet().stream()
                .filter(other -> other.commitLsn().equals(event.commitLsn()))
                .count();
        if (ofItsTransaction > MAX_REFUSED) {
            throw PublishFailure.halt(
                    "Kafka has refused more than " + MAX_REFUSED + " events of the transaction committed at "
                            + event.commitLsn() + ", the last of which " + refusal.reason()
                            + "; raise what its topic takes, then restart the relay",
                    failure);
        }
        Failpoint.AFTER_REFUSAL.reach();
        return event;
    }

    /**
     * If Kafka did not accept the events in time, the next attempt sends fewer. A single transaction cannot be made
     * smaller.
     */
    private PublishFailure tooSlow(PublishFailure failure) {
        if (!failure.isTimeout() || sent == 0) {
            return failure;
        }
        batchSize.timedOut(sent);
        return isPart || !firstCommitLsn.equals(lastCommitLsn)
                ? failure
                : failure.adding("these are " + sent + " events of one transaction, committed at " + lastCommitLsn
                        + ", which go into one Kafka transaction. Nothing is lost; they are sent again. If the link, or a"
                        + " quota by which Kafka throttles the relay (kafka-configs.sh --describe --entity-type users,"
                        + " or clients), is too slow for them: raise delivery.timeout.ms and transaction.timeout.ms in"
                        + " kafka.properties, or lower limits.transactionBytes, so that such a transaction is split");
    }

    /** When the last Kafka transaction was begun, by {@link System#nanoTime}. */
    long begunAt() {
        return begunNanos;
    }

    /** Number of events sent into the last Kafka transaction that was begun. */
    int sent() {
        return sent;
    }

    /** The commit LSN of the Postgres transaction whose event was sent last. */
    Lsn lastCommitLsn() {
        return lastCommitLsn;
    }

    /**
     * Called when the open Kafka transaction has been committed.
     *
     * @return the number of dead letters in it
     */
    int committed() {
        trace.committed();
        batchSize.taken(sent, System.nanoTime() - begunNanos);
        int count = deadLetters.size();
        if (count > 0) {
            PoisonEvent first = deadLetters.values().iterator().next();
            LOG.warn("event=dead-letters count={} first=\"{}\"", count, first.withoutFix());
        }
        refused.keySet().removeAll(deadLetters.keySet());
        deadLetters.clear();
        return count;
    }
}
