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
 * Where a run begins. Read once every earlier producer is fenced, not before: until then the position can still move.
 *
 * @param server the one that the lock is on
 * @param publication what decides which rows come through the stream; the recorded one, if any was
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

    /** Without what earlier runs have left, old tokens ask for more than they need; no reason to wait for long. */
    private static final Duration REBUILD_TIMEOUT = Duration.ofSeconds(5);

    /**
     * Asked before earlier producers are fenced: a second configuration for the same source, or a copy of its database,
     * must not interrupt the relay that publishes. What it lets pass is decided again once they are.
     */
    static void refuseBeforeFencing(ProcessScope relay, Connection control, SourceIdentity identity)
            throws HaltException, SourceNotReady, SQLException {
        try (KafkaTail tail = new KafkaTail(relay.config().kafka())) {
            refuseAnotherConfiguration(relay, tail, control, identity);
            refuseAnotherDatabase(relay, tail, control, identity);
        }
    }

    /** A relay at work moves the position before the slot, and the WAL before both: hence slot, position, WAL. */
    private static void refuseAnotherDatabase(
            ProcessScope relay, KafkaTail tail, Connection control, SourceIdentity identity)
            throws HaltException, SourceNotReady, SQLException {
        TimelineHistory history = new TimelineReader(relay.database().serverOf(control)).read(identity);
        Optional<SlotState> slot = relay.database().slot(control);
        Optional<SourcePosition> likely = readable(() -> tail.likelyPosition(identity.sourceId()));
        if (!(decision(relay, likely, slot, control, identity, history) instanceof StartDecision.Halt)) {
            return; // nearly always: nobody's open transaction is waited for
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
            return; // nearly always: nobody's open transaction is waited for
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

    /** A record that cannot be read begins anew: then nothing is deleted that an audit has not settled. */
    private static AuditTally tally(ProcessScope relay, KafkaTail tail, Optional<SourcePosition> stored) {
        if (!relay.config().outbox().isOwn()) {
            return AuditTally.none();
        }
        AuditRecord beginning = AuditRecord.beginning(Instant.now());
        try {
            return AuditTally.from(stored.flatMap(tail::lastAudit).orElse(beginning));
        } catch (IllegalArgumentException e) {
            LOG.warn("event=audit-begins-anew reason=\"{}\"", e.getMessage());
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

    /** The stream since what was published, and from now on, is the whole story, or this throws. */
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

    /** What this replica has followed up to the resume point is as good as if it had published it itself. */
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

    /** A record that was written by something else, or is damaged: where to resume is not known. */
    private static <T> T readable(Supplier<T> record) throws HaltException {
        try {
            return record.get();
        } catch (IllegalArgumentException e) {
            throw new HaltException(e.getMessage() + ". " + StartDecision.whatToDo(), e);
        }
    }
}
