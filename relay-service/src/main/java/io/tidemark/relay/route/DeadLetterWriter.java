package io.tidemark.relay.route;

import io.tidemark.outbox.DeadLetters;
import io.tidemark.outbox.OwnTopics;
import io.tidemark.outbox.Position;
import io.tidemark.relay.capture.CapturedEvent;
import io.tidemark.relay.route.OutgoingEvent.OutgoingHeader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** What an event looks like among the dead letters: as it would have looked, and why it is there. */
final class DeadLetterWriter {

    /** A broker's message may quote anything; people read no more of it anyway. */
    private static final int MAX_REASON = 2000;

    private static final byte[] EMPTY = {};

    private DeadLetterWriter() {}

    static OutgoingEvent write(
            String sourceId,
            CapturedEvent event,
            Position position,
            List<OutgoingHeader> eventHeaders,
            String topic,
            String reason,
            Instant time) {
        List<OutgoingHeader> headers = new ArrayList<>(eventHeaders);
        HeaderWriter.add(headers, DeadLetters.REASON, reason.substring(0, Math.min(reason.length(), MAX_REASON)));
        if (event.defect() == null) { // sent again it would be no better
            HeaderWriter.add(headers, DeadLetters.INTENDED_TOPIC, topic);
        }
        HeaderWriter.add(headers, DeadLetters.INTENDED_KEY, event.aggregateId());
        HeaderWriter.add(headers, DeadLetters.AGGREGATE_TYPE, event.aggregateType());
        HeaderWriter.add(headers, DeadLetters.TIME, time.toString());
        byte[] value = event.payload();
        if (value == null) { // compaction would take a null for "gone"
            HeaderWriter.add(headers, DeadLetters.NULL_PAYLOAD, "true");
            value = EMPTY;
        }
        // With the position: the outbox does not make ids unique, and compaction must not take one event for another.
        String key = sourceId + "/" + event.id() + "/" + position;
        return new OutgoingEvent(
                OwnTopics.DEAD_LETTERS, key.getBytes(StandardCharsets.UTF_8), value, headers, event.createdAtMillis());
    }
}
