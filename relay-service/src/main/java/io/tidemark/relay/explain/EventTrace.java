package io.tidemark.relay.explain;

import io.tidemark.outbox.Position;
import io.tidemark.relay.deadletter.DeadLetter;
import io.tidemark.relay.source.OutboxRow;
import java.util.Optional;
import java.util.UUID;
import org.apache.kafka.common.TopicPartition;

/**
 * What was found of an event.
 *
 * @param row empty when the outbox has none of that id
 * @param record where it can be read; empty when it was not found
 * @param deadLetter empty when it is not among them
 * @param stage what follows from that
 * @param reason in words, where the stage alone does not say it; empty otherwise
 */
public record EventTrace(
        UUID id,
        Optional<OutboxRow> row,
        Optional<Found> record,
        Optional<DeadLetter> deadLetter,
        Stage stage,
        String reason) {

    /** How far it has come. */
    public enum Stage {
        /** Committed, and above what is published. */
        WRITTEN,
        /** Readable in its topic. */
        PUBLISHED,
        /** Kafka did not take it, or it could not be routed; it is among the dead letters. */
        DEAD_LETTER,
        /** Its LSN is published, and it is not in Kafka any more. */
        EXPIRED,
        /** It cannot be told. */
        UNKNOWN,
        /** There is no trace of it. */
        NOWHERE
    }

    /**
     * The record it is.
     *
     * @param position as its header says; empty on one that has none, such as a replayed one
     */
    public record Found(TopicPartition partition, long offset, long timestampMillis, Optional<Position> position) {}
}
