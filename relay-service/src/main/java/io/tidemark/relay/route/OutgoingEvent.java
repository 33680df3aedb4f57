// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.route;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An event as a Kafka record.
 *
 * @param value null for a tombstone
 * @param timestampMillis the record's timestamp, milliseconds since 1970
 */
@SuppressWarnings("ArrayRecordComponent") // bytes only pass through to the producer; never compared
public record OutgoingEvent(
        String topic, byte[] key, byte @Nullable [] value, List<OutgoingHeader> headers, long timestampMillis) {

    /** One Kafka header; names may repeat. */
    @SuppressWarnings("ArrayRecordComponent")
    public record OutgoingHeader(String name, byte[] value) {

        /** The value for people: as text, or in Base64 if it is not UTF-8. */
        public String text() {
            try {
                return StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(value))
                        .toString();
            } catch (CharacterCodingException e) {
                return Base64.getEncoder().encodeToString(value);
            }
        }
    }
}
