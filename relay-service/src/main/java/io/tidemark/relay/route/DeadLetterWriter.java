// SPDX-License-Identifier: Apache-2.0
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

/** Writes an event as a dead letter: the intended event, and the reason. */
final class DeadLetterWriter {

    /** Maximum length of a reason, because a broker's message may contain any text. */
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
        if (event.defect() == null) { // retrying cannot succeed
            HeaderWriter.add(headers, DeadLetters.INTENDED_TOPIC, topic);
        }
        HeaderWriter.add(headers, DeadLetters.INTENDED_KEY, event.aggregateId());
        HeaderWriter.add(headers, DeadLetters.AGGREGATE_TYPE, event.aggregateType());
        HeaderWriter.add(headers, DeadLetters.TIME, time.toString());
        byte[] value = event.payload();
        if (value == null) { // for compaction, null would be a removal
            HeaderWriter.add(headers, DeadLetters.NULL_PAYLOAD, "true");
            value = EMPTY;
        }
        // With the position: ids in the outbox need not be unique, and compaction must not merge two events.
        String key = sourceId + "/" + event.id() + "/" + position;
        return new OutgoingEvent(
                OwnTopics.DEAD_LETTERS, key.getBytes(StandardCharsets.UTF_8), value, headers, event.createdAtMillis());
    }
}
