// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.run;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.account.AuditRecord;
import io.tidemark.relay.account.AuditTally;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.declared.WritableTopics;
import io.tidemark.relay.position.Adoptions;
import io.tidemark.relay.position.KafkaTail;
import io.tidemark.relay.position.SourcePosition;
import io.tidemark.relay.position.StartDecision;
import io.tidemark.relay.publication.PublicationGap;
import io.tidemark.relay.publication.PublicationLook;
import io.tidemark.relay.publication.PublicationReader;
import io.tidemark.relay.publication.PublicationRecord;
import io.tidemark.relay.publication.PublicationState;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.publish.PublishedTopics;
import io.tidemark.relay.publish.Topics;
import io.tidemark.relay.source.SlotState;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.SourceNotReady;
import io.tidemark.relay.timeline.TimelineHistory;
import io.tidemark.relay.timeline.TimelineReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a run begins. Read only after every earlier producer is fenced: until then the position can still move.
 *
 * @param server the server on which the lock is held
 * @param publication the state that decides which rows come through the stream; the recorded one, if there is one
 * @param tally begins with what Kafka has counted
 * @param takesOver whether another process published last
 */
record RunStart(
        PostgresConfig server,
        StartDecision.Start decision,
        Adoptions adoptions,
        PublishedTopics topics,
        PublicationState publication,
        AuditTally tally,
        boolean takesOver) {

    private static final Logger LOG = LoggerFactory.getLogger(RunStart.class);

    /**
     * Without the entries of earlier runs, old tokens need more offsets than necessary. That is not worth a long wait.
     */
    private static final Duration REBUILD_TIMEOUT = Duration.ofSeconds(5);

    /**
     * Called before earlier producers are fenced: a second configuration for the same source, or a copy of its
     * database, must not interrupt the relay that publishes. After the fencing, the decision is made again.
     */
    static void refuseBeforeFencing(ProcessScope relay, Connection control, SourceIdentity identity)
            throws HaltException, SourceNotReady, SQLException {
        try (KafkaTail tail = new KafkaTail(relay.config().kafka())) {
            refuseAnotherConfiguration(relay, tail, control, identity);
            refuseAnotherDatabase(relay, tail, control, identity);
        }
    }

    /**
     * A working relay moves the position before the slot, and the WAL before both. The order is therefore slot,
     * position, WAL.
     */
    private static void refuseAnotherDatabase(
            ProcessScope relay, KafkaTail tail, Connection control, SourceIdentity identity)
            throws HaltException, SourceNotReady, SQLException {
        TimelineHistory history = new TimelineReader(relay.database().serverOf(control)).read(identity);
        Optional<SlotState> slot = relay.database().slot(control);
        Optional<SourcePosition> likely = readable(() -> tail.likelyPosition(identity.sourceId()));
        if (!(decision(relay, likely, slot, control, identity, history) instanceof StartDecision.Halt)) {
            return; // nearly always: waits for no open transaction
        }
        Optional<SourcePosition> settled = readable(() -> tail.settledPosition(identity.sourceId()));
        if (settled.isPresent()
                && decision(relay, settled, slot, control, identity, history) instanceof StartDecision.Halt halt) {
            throw new HaltException(halt.reason());
        }
    }

    private static StartDecision decision(
            ProcessScope relay,
            Optional<SourcePosition> stored,
            Optional<SlotState> slot,
            Connection control,
            SourceIdentity identity,
            TimelineHistory history)
            throws SQLException {
        return StartDecision.decide(
                stored,
                slot,
                relay.config().postgres().slot(),
                identity,
                history,
                relay.database().walHead(control));
    }

    private static void refuseAnotherConfiguration(
            ProcessScope relay, KafkaTail tail, Connection control, SourceIdentity identity)
            throws HaltException, SQLException {
        Lsn walHead = relay.database().walHead(control);
        Function<PublicationRecord, Optional<PublicationGap>> gap = record -> PublicationGap.ofOtherConfiguration(
                record,
                relay.config().postgres().slot(),
                relay.config().outbox().table(),
                walHead);
        if (readable(() -> tail.likelyPublication(identity.sourceId()))
                .flatMap(gap)
                .isEmpty()) {
            return; // nearly always: waits for no open transaction
        }
        Optional<PublicationGap> found =
                readable(() -> tail.lastPublication(identity.sourceId())).flatMap(gap);
        if (found.isPresent()) {
            throw new HaltException(found.get().reason());
        }
    }

    static RunStart read(ProcessScope relay, Connection control, SourceIdentity identity, Topics topics)
            throws HaltException, SourceNotReady, SQLException, PublishFailure, InterruptedException {
        PostgresConfig server = relay.database().serverOf(control);
        TimelineHistory history = new TimelineReader(server).read(identity);
        try (KafkaTail tail = new KafkaTail(relay.config().kafka())) {
            PublishedTopics published =
                    new PublishedTopics(topics, readable(() -> tail.lastTopicIds(identity.sourceId())));
            published.check();
            Optional<SourcePosition> stored = readable(() -> tail.lastPosition(identity.sourceId()));
            Adoptions adoptions = stored.map(SourcePosition::adoptions).orElse(Adoptions.NONE);
            boolean takesOver = stored.map(position -> !position.owner().equals(relay.owner()))
                    .orElse(false);
            StartDecision.Start decision = decide(relay, stored, control, identity, history);
            PublicationState publication =
                    publication(relay, control, readable(() -> tail.lastPublication(identity.sourceId())), stored);
            startIndex(
                    relay,
                    tail,
                    decision,
                    adoptions,
                    topics.partitionsOf(WritableTopics.declaredIn(relay.config())),
                    identity.sourceId());
            return new RunStart(
                    server, decision, adoptions, published, publication, tally(relay, tail, stored), takesOver);
        }
    }

    /** If the record cannot be read, counting starts again. Nothing is then deleted that an audit has not settled. */
    private static AuditTally tally(ProcessScope relay, KafkaTail tail, Optional<SourcePosition> stored) {
        if (!relay.config().outbox().isOwn()) {
            return AuditTally.none();
        }
        AuditRecord beginning = AuditRecord.beginning(Instant.now());
        try {
            return AuditTally.from(stored.flatMap(tail::lastAudit).orElse(beginning));
        } catch (IllegalArgumentException e) {
            LOG.warn("event=audit-restarted reason=\"{}\"", e.getMessage());
            return AuditTally.from(beginning);
        }
    }

    private static StartDecision.Start decide(
            ProcessScope relay,
            Optional<SourcePosition> stored,
            Connection control,
            SourceIdentity identity,
            TimelineHistory history)
            throws HaltException, SourceNotReady, SQLException {
        StartDecision decision = decision(relay, stored, relay.database().slot(control), control, identity, history);
        if (decision instanceof StartDecision.Halt halt) {
            throw new HaltException(halt.reason());
        }
        if (decision instanceof StartDecision.NotReady notReady) {
            throw new SourceNotReady(notReady.reason());
        }
        return (StartDecision.Start) decision;
    }

    /**
     * Returns only if the stream has had every row since what was published, and will have every row from now on.
     * Otherwise throws.
     */
    private static PublicationState publication(
            ProcessScope relay,
            Connection control,
            Optional<PublicationRecord> recorded,
            Optional<SourcePosition> stored)
            throws HaltException, SourceNotReady, SQLException {
        PublicationLook now =
                new PublicationReader(relay.config().postgres(), relay.config().outbox()).look(control);
        Optional<PublicationGap> gap = PublicationGap.since(
                recorded,
                now,
                relay.database().slot(control),
                stored.map(position -> position.resumePoint().complete()),
                relay.database().walHead(control));
        if (gap.isPresent()) {
            throw new HaltException(gap.get().reason());
        }
        if (now instanceof PublicationLook.Seen seen) {
            return seen.state();
        }
        throw new SourceNotReady(
                now instanceof PublicationLook.InDoubt doubt
                        ? doubt.reason(relay.config().postgres().publication())
                        : ((PublicationLook.Missing) now).reason() + "; run: tidemark init CONFIG");
    }

    /**
     * If this replica has followed the index up to the resume point, its index is as good as if it had published
     * itself.
     */
    private static void startIndex(
            ProcessScope relay,
            KafkaTail tail,
            StartDecision.Start start,
            Adoptions adoptions,
            Set<TopicPartition> declaredPartitions,
            String sourceId)
            throws InterruptedException {
        relay.follower().awaitRebuilt(REBUILD_TIMEOUT);
        if (!relay.index().isCompleteAt(start.resumePoint(), adoptions.count())) {
            relay.index().startAt(start.resumePoint(), adoptions, tail.recordEnds(declaredPartitions, sourceId));
        }
    }

    /** If a record was written by something else, or is damaged, the resume point is not known. */
    private static <T> T readable(Supplier<T> record) throws HaltException {
        try {
            return record.get();
        } catch (IllegalArgumentException e) {
            throw new HaltException(e.getMessage() + ". " + StartDecision.whatToDo(), e);
        }
    }
}
