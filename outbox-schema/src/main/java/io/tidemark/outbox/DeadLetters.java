// SPDX-License-Identifier: Apache-2.0
package io.tidemark.outbox;

/**
 * The dead-letter topic and its headers. It has the events that cannot be published and whose route has {@code
 * onPoison: dead-letter}. Besides their own headers, they have the headers below. The value is the event's payload,
 * byte for byte; the record's timestamp is the event's timestamp.
 */
public final class DeadLetters {

    /** The prefix of the headers below. */
    public static final String HEADER_PREFIX = "tidemark-dead-letter-";
    /** Why the event could not be published, for people. */
    public static final String REASON = HEADER_PREFIX + "reason";
    /** The intended topic; absent if the event itself has a defect, so that retrying cannot succeed. */
    public static final String INTENDED_TOPIC = HEADER_PREFIX + "topic";
    /** The intended key: its aggregate id. */
    public static final String INTENDED_KEY = HEADER_PREFIX + "key";
    /** Its aggregate type, which selects its route. */
    public static final String AGGREGATE_TYPE = HEADER_PREFIX + "aggregate-type";
    /** When it became a dead letter, ISO 8601. */
    public static final String TIME = HEADER_PREFIX + "time";
    /** {@code true} on an event without payload. Its value here is empty, because null would remove the record. */
    public static final String NULL_PAYLOAD = HEADER_PREFIX + "null-payload";

    private DeadLetters() {}
}
