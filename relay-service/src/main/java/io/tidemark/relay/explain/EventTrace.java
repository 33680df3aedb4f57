// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.explain;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Position;
import io.tidemark.relay.deadletter.DeadLetter;
import io.tidemark.relay.route.OutgoingEvent.OutgoingHeader;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.apache.kafka.common.TopicPartition;

/**
 * The result of the search for an event.
 *
 * @param row empty if the outbox has no row with that id
 * @param record where it can be read; empty if it was not found
 * @param deadLetter empty if it is not among the dead letters
 * @param stage what follows from the above
 * @param reason for people, if the stage alone is not enough; empty otherwise
 */
public record EventTrace(
        UUID id,
        Optional<CommittedRow> row,
        Optional<Found> record,
        Optional<DeadLetter> deadLetter,
        Stage stage,
        String reason) {

    /** How far the event has come. */
    public enum Stage {
        /** Committed, and certainly above what is published. */
        WRITTEN,
        /** Readable in its topic. */
        PUBLISHED,
        /** Kafka rejected it, or it could not be routed; it is among the dead letters. */
        DEAD_LETTER,
        /** Its LSN is published, and it is no longer in Kafka. */
        EXPIRED,
        /** The stage cannot be determined. */
        UNKNOWN,
        /** The event has left no trace. */
        NOWHERE
    }

    private static final String EXPIRED = "everything up to its commit is published, and it is not in its topic:"
            + " expired by the topic's retention, compacted, deleted with its topic, published to another topic under an"
            + " earlier route, discarded as a dead letter, or left out by tidemark adopt";

    /** For a row that is not a dead letter, and was not found in its topic. */
    static EventTrace notFound(UUID id, CommittedRow row, Search search, Optional<Lsn> published) {
        if (search instanceof Search.Incomplete incomplete) {
            return ofRow(id, row, Stage.UNKNOWN, incomplete.reason());
        }
        if (published.isEmpty()) {
            return ofRow(
                    id,
                    row,
                    Stage.UNKNOWN,
                    "it is committed, and was not found in Kafka, and this replica does not know what is published");
        }
        if (published.get().isAtLeast(row.writtenUpTo())) {
            return ofRow(id, row, Stage.EXPIRED, EXPIRED);
        }
        if (row.writtenAfter().isAtLeast(published.get())) {
            return ofRow(id, row, Stage.WRITTEN, "");
        }
        return ofRow(
                id,
                row,
                Stage.UNKNOWN,
                "it is committed, and not in Kafka; whether it will still be published is unknown while the relay is behind"
                        + " what is committed now: published is " + published.get()
                        + ", and its commit is somewhere up to " + row.writtenUpTo());
    }

    private static EventTrace ofRow(UUID id, CommittedRow row, Stage stage, String reason) {
        return new EventTrace(id, Optional.of(row), Optional.empty(), Optional.empty(), stage, reason);
    }

    /**
     * The record of the event.
     *
     * @param position from its header; empty if it has none, as with a replayed record
     * @param headers all of them, in their order; names may repeat
     */
    public record Found(
            TopicPartition partition,
            long offset,
            long timestampMillis,
            Optional<Position> position,
            List<OutgoingHeader> headers) {}
}
