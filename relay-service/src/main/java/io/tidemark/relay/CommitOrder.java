package io.tidemark.relay;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.assemble.ResumePoint;
import io.tidemark.relay.failpoint.Failpoint;
import io.tidemark.relay.position.IndexEntry;
import io.tidemark.relay.position.SourcePosition;
import io.tidemark.relay.position.TopicIds;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.publish.TransactionalPublisher;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The one order that makes it exactly once: Kafka commits events and position together, then the index is told, then the
 * slot is confirmed. Nothing is told to anyone before Kafka has it for good. On the publishing thread.
 */
final class CommitOrder {

    private final RelayRun.Parts parts;
    private final EventSender sender;
    private final RelayRun.Listener listener;
    /** What Kafka has. */
    private ResumePoint resumePoint;

    CommitOrder(RelayRun.Parts parts, EventSender sender, ResumePoint resumePoint, RelayRun.Listener listener) {
        this.parts = parts;
        this.sender = sender;
        this.resumePoint = resumePoint;
        this.listener = listener;
    }

    /** The LSN of the last whole transaction or barrier that Kafka has. */
    Lsn published() {
        return resumePoint.complete();
    }

    /** The stream is that of what was published before: the index is told from where this run goes on. */
    void open() {
        IndexEntry opening = IndexEntry.opening(
                parts.identity().timeline(),
                parts.run(),
                parts.adoptions().count(),
                resumePoint,
                System.currentTimeMillis());
        tell(opening);
        parts.index().anchoredBy(opening.session());
    }

    /**
     * Commits what was sent.
     *
     * @param reached what Kafka has when it is done
     * @param oldestCommitMillis when the first of its Postgres transactions was committed; 0 when it has none
     */
    void commit(ResumePoint reached, long oldestCommitMillis) throws PublishFailure {
        Failpoint.AFTER_SEND.reach();
        Map<TopicPartition, List<TransactionalPublisher.End>> ends =
                parts.publisher().commit(SourcePosition.TOPIC, records(reached));
        parts.topics().committed();

        Failpoint.AFTER_COMMIT.reach();
        tell(new IndexEntry(
                parts.identity().timeline(),
                parts.run(),
                parts.adoptions().count(),
                resumePoint,
                reached,
                System.currentTimeMillis(),
                additions(ends)));
        resumePoint = reached;

        Failpoint.BEFORE_CONFIRM.reach();
        parts.engine().confirmUpTo(published());
        Failpoint.AFTER_CONFIRM.reach();
        listener.published(sender.sent(), sender.committed(), oldestCommitMillis);
    }

    /** The position, and with it the topics' ids where they have changed. */
    private Map<String, byte @Nullable []> records(ResumePoint reached) {
        String sourceId = parts.identity().sourceId();
        SourcePosition position =
                new SourcePosition(parts.identity(), reached, parts.owner(), Instant.now(), parts.adoptions());
        Map<String, byte @Nullable []> records = new HashMap<>();
        records.put(sourceId, position.toJson());
        parts.topics().toRecord().ifPresent(ids -> records.put(TopicIds.key(sourceId), ids));
        return records;
    }

    private static Map<TopicPartition, List<IndexEntry.Addition>> additions(
            Map<TopicPartition, List<TransactionalPublisher.End>> ends) {
        Map<TopicPartition, List<IndexEntry.Addition>> additions = new HashMap<>();
        ends.forEach((partition, list) -> additions.put(
                partition,
                list.stream()
                        .map(end -> new IndexEntry.Addition(end.firstLsn(), end.endOffset()))
                        .toList()));
        return additions;
    }

    private void tell(IndexEntry entry) {
        parts.index().apply(entry);
        parts.indexWriter().write(entry.toJson());
    }
}
