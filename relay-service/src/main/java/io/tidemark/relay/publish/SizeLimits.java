// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publish;

import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.route.OutgoingEvent;
import org.apache.kafka.common.config.ConfigException;

/**
 * The maximum size of a record, in bytes as the producer counts them. A dead letter must fit where its event did not.
 *
 * @param event {@code max.request.size} as configured, or Kafka's default
 * @param deadLetter always more than that
 */
record SizeLimits(int event, int deadLetter) {

    private static final int KAFKAS_DEFAULT = 1024 * 1024;
    private static final int LEAST_FOR_DEAD_LETTERS = 4 * 1024 * 1024;
    /** For the headers with the reason, and the key. */
    private static final int ROOM_FOR_THE_REASON = 64 * 1024;

    private static final int BATCH_AND_RECORD = 61 + 21;
    /** Upper bound for the length field of a name or value. */
    private static final int LENGTH = 5;

    static SizeLimits of(KafkaConfig kafka) {
        int event = KAFKAS_DEFAULT;
        String configured = kafka.properties().get("max.request.size");
        if (configured != null) {
            try {
                event = Integer.parseInt(configured.trim());
            } catch (NumberFormatException e) {
                throw new ConfigException("max.request.size", configured, "it must be a number of bytes");
            }
        }
        long more = Math.max(LEAST_FOR_DEAD_LETTERS, (long) event + ROOM_FOR_THE_REASON);
        return new SizeLimits(event, (int) Math.min(more, Integer.MAX_VALUE));
    }

    /** An upper bound, computed as the producer does. */
    static long sizeOf(OutgoingEvent event) {
        long size = BATCH_AND_RECORD + event.key().length + 2L * LENGTH;
        byte[] value = event.value();
        size += value == null ? 0 : value.length;
        for (OutgoingEvent.OutgoingHeader header : event.headers()) {
            size += 3L * header.name().length() + header.value().length + 2L * LENGTH;
        }
        return size;
    }
}
