// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.loop;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.account.AuditRecord;
import io.tidemark.relay.account.AuditTally;
import io.tidemark.relay.capture.CaptureFailed;
import io.tidemark.relay.failpoint.Failpoint;
import io.tidemark.relay.index.IndexEntry;
import io.tidemark.relay.position.ResumePoint;
import io.tidemark.relay.position.SourcePosition;
import io.tidemark.relay.position.StartDecision;
import io.tidemark.relay.position.TopicIds;
import io.tidemark.relay.publication.PublicationRecord;
import io.tidemark.relay.publish.KafkaTransaction;
import io.tidemark.relay.publish.PublishFailure;
import java.sql.SQLException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The only order that delivers exactly once. First, Kafka commits events and position together. Second, a look confirms
 * that the stream had every row. Third, the index advances. Last, the slot is confirmed. Index and slot learn of
 * nothing before Kafka has committed it, and before it is known that no row is missing. On the publishing thread.
 */
final class CommitOrder {

    /** Maximum time to wait for a look before the run's other duties are handled. */
    private static final long LOOK_TURN_MILLIS = 100;
    /** From this number of events on, the next batch is given time to grow: fewer, larger Kafka transactions. */
    private static final int BUSY_EVENTS = 64;

    private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final RunScope scope;
    private final EventSender sender;
    private final LoopListener listener;
    /** The resume point that Kafka has. */
    private ResumePoint resumePoint;
    /** The end of the last whole record from the stream, so that the slot may be confirmed up to it. */
    private Lsn whole;

    private Lsn lastEvent;
    private final MarkerPause pause = new MarkerPause();

    CommitOrder(RunScope scope, EventSender sender, StartDecision.Start start, LoopListener listener) {
        this.scope = scope;
        this.sender = sender;
        this.resumePoint = start.resumePoint();
        // an LSN named by a person may lie inside a commit record: after a confirmation there, Postgres would skip that
        // transaction
        this.whole = resumePoint.isAdopted() ? start.slotConfirmed() : resumePoint.complete();
        this.lastEvent = start.lastEvent();
        this.listener = listener;
    }

    /** How long to wait for more events before the next Kafka transaction is begun. */
    long pauseNanos() {
        return sender.sent() < BUSY_EVENTS ? pause.leftNanos(System.nanoTime()) : PATIENCE_NANOS;
    }

    /** The LSN of the last whole transaction or barrier that Kafka has. */
    Lsn published() {
        return whole;
    }

    /** The history of the stream is the published one: the index is opened at the start of this run. */
    void open() {
        IndexEntry opening = IndexEntry.opening(
                scope.identity().timeline(),
                scope.run(),
                scope.adoptions().count(),
                resumePoint,
                System.currentTimeMillis());
        scope.index().apply(opening);
        scope.index().anchoredBy(opening.session());
    }

    /**
     * Commits what was sent.
     *
     * @param reached the resume point that Kafka has after the commit
     * @param oldestCommitMillis when the first of its Postgres transactions was committed; 0 if it has none
     */
    void commit(ResumePoint reached, long oldestCommitMillis)
            throws PublishFailure, CaptureFailed, SQLException, InterruptedException {
        Failpoint.AFTER_SEND.reach();
        Lsn last = sender.sent() > 0 ? sender.lastCommitLsn() : lastEvent;
        scope.publication().beginLook();
        Map<TopicPartition, List<KafkaTransaction.End>> ends =
                scope.kafka().commit(OwnTopics.POSITIONS, records(reached, last));
        lastEvent = last;
        if (sender.sent() < BUSY_EVENTS) { // a large one takes long for other reasons
            pause.committed(sender.begunAt(), scope.kafka().firstAcknowledgedAt(), System.nanoTime());
        }
        scope.tally().committed(); // before the index: everything published must be counted
        scope.topics().committed();
        scope.publication().committed();

        Failpoint.AFTER_COMMIT.reach();
        awaitLook();
        scope.index()
                .apply(new IndexEntry(
                        scope.identity().timeline(),
                        scope.run(),
                        scope.adoptions().count(),
                        resumePoint,
                        reached,
                        System.currentTimeMillis(),
                        additions(ends)));
        resumePoint = reached;
        whole = reached.complete();

        Failpoint.BEFORE_CONFIRM.reach();
        scope.slot().confirmUpTo(published());
        Failpoint.AFTER_CONFIRM.reach();
        listener.published(sender.sent(), sender.committed(), oldestCommitMillis);
    }

    /**
     * Waits for the look, which takes long only during a change of the publication. Handles the run's other duties
     * meanwhile.
     */
    private void awaitLook() throws PublishFailure, CaptureFailed, SQLException, InterruptedException {
        while (!scope.publication().isConfirmedWithin(LOOK_TURN_MILLIS)) {
            lookAfterRun();
        }
    }

    /** Called between two Kafka transactions of one turn, because a turn may have thousands of them. */
    void lookAfterRun() throws PublishFailure, CaptureFailed, SQLException, InterruptedException {
        if (!listener.turned()) {
            throw new RunEnding();
        }
    }

    /**
     * The position. With it, the topics' ids and the publication if they have changed, and the audit's record if it is
     * due.
     */
    private Map<String, byte @Nullable []> records(ResumePoint reached, Lsn last) {
        String sourceId = scope.identity().sourceId();
        AuditTally.Records audit = scope.tally().records();
        SourcePosition position = new SourcePosition(
                scope.identity(), reached, last, scope.owner(), Instant.now(), scope.adoptions(), audit.carried());
        Map<String, byte @Nullable []> records = new HashMap<>();
        records.put(sourceId, position.toJson());
        scope.topics().toRecord().ifPresent(ids -> records.put(TopicIds.key(sourceId), ids));
        scope.publication()
                .toRecord(published())
                .ifPresent(state -> records.put(PublicationRecord.key(sourceId), state));
        audit.record().ifPresent(record -> records.put(AuditRecord.key(sourceId), record.toJson()));
        return records;
    }

    private static Map<TopicPartition, List<IndexEntry.Addition>> additions(
            Map<TopicPartition, List<KafkaTransaction.End>> ends) {
        Map<TopicPartition, List<IndexEntry.Addition>> additions = new HashMap<>();
        ends.forEach((partition, list) -> additions.put(
                partition,
                list.stream()
                        .map(end -> new IndexEntry.Addition(end.firstLsn(), end.endOffset()))
                        .toList()));
        return additions;
    }
}
