// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.deadletter;

import io.tidemark.outbox.DeadLetters;
import io.tidemark.outbox.EventHeaders;
import io.tidemark.outbox.OwnTopics;
import io.tidemark.outbox.Position;
import io.tidemark.relay.route.OutgoingEvent;
import io.tidemark.relay.route.OutgoingEvent.OutgoingHeader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An event that could not be published, as stored in the dead-letter topic.
 *
 * @param key {@code <source>/<event id>/<position>}
 * @param timestampMillis the event's timestamp, milliseconds since 1970
 * @param headers all of them, in order
 * @param payloadBytes length of the payload; 0 also if there is none
 * @param payload null if there is none, or if only a list was requested
 */
@SuppressWarnings("ArrayRecordComponent") // bytes only pass through; never compared
public record DeadLetter(
        String key, long timestampMillis, List<OutgoingHeader> headers, int payloadBytes, byte @Nullable [] payload) {

    /** Positions are printed with fixed width. */
    private static final int POSITION_LENGTH =
            Position.parse("00000001/0000000000000000/00000000").toString().length();

    public String source() {
        return key.substring(0, Math.max(0, key.indexOf('/')));
    }

    /** The event's id. */
    public String id() {
        int afterSource = key.indexOf('/') + 1;
        int beforePosition = key.length() - POSITION_LENGTH - 1;
        return beforePosition > afterSource ? key.substring(afterSource, beforePosition) : key;
    }

    public String position() {
        return header(EventHeaders.POSITION).orElse("");
    }

    /** The first header of that name. */
    public Optional<String> header(String name) {
        return headers.stream()
                .filter(header -> header.name().equals(name))
                .map(header -> new String(header.value(), StandardCharsets.UTF_8))
                .findFirst();
    }

    /** Whether the event had no payload, and would be a tombstone in its topic. */
    public boolean hasNullPayload() {
        return header(DeadLetters.NULL_PAYLOAD).isPresent();
    }

    boolean isMeantBy(String idOrKey) {
        return key.equals(idOrKey) || id().equals(idOrKey);
    }

    DeadLetter withoutPayload() {
        return new DeadLetter(key, timestampMillis, headers, payloadBytes, null);
    }

    /** The event as it should have been published, with a header that marks it as late. */
    OutgoingEvent again(String topic) {
        List<OutgoingHeader> own = new ArrayList<>(headers);
        own.removeIf(header -> header.name().startsWith(DeadLetters.HEADER_PREFIX));
        own.add(new OutgoingHeader(EventHeaders.RETRIED, bytes("true")));
        String eventKey = header(DeadLetters.INTENDED_KEY)
                .orElseThrow(() ->
                        new IllegalStateException("dead letter " + key + " has no header with its event's" + " key"));
        return new OutgoingEvent(topic, bytes(eventKey), payload, own, timestampMillis);
    }

    /** The record that removes it, in the partition that it is in. */
    OutgoingEvent removal() {
        return new OutgoingEvent(OwnTopics.DEAD_LETTERS, bytes(key), null, List.of(), System.currentTimeMillis());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
