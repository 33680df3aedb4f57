// SPDX-License-Identifier: Apache-2.0
package io.tidemark.outbox;

import java.util.Locale;
import java.util.Set;

/**
 * The names of the Kafka headers that Tidemark writes. An event's own headers must not use these names. The SQL
 * function {@code outbox.valid_headers} enforces the same rule at insert; a test compares the two.
 */
public final class EventHeaders {

    /** The event's id, a UUID in text. */
    public static final String ID = "id";
    /** The event's type, column {@code event_type}. */
    public static final String TYPE = "type";
    /** Column {@code content_type}; absent if it is null. */
    public static final String CONTENT_TYPE = "content-type";
    /** The source id, 8 hex digits. */
    public static final String SOURCE = "tidemark-source";
    /** The event's {@link Position}, fixed-width. */
    public static final String POSITION = "tidemark-position";
    /**
     * Only on events of a Postgres transaction larger than {@code limits.transactionBytes}: ordinals {@code
     * first-last/total}.
     */
    public static final String SPLIT = "tidemark-split";
    /** {@code true} on an event that was a {@linkplain DeadLetters dead letter} before. It is out of order. */
    public static final String RETRIED = "tidemark-retried";
    /** The id of the {@code tidemark replay} that published the event again. Such a record has no position. */
    public static final String REPLAYED = "tidemark-replayed";
    /** W3C trace context, byte for byte as set by the writer; absent if null. */
    public static final String TRACEPARENT = "traceparent";
    /** W3C trace context, byte for byte as set by the writer; absent if null. */
    public static final String TRACESTATE = "tracestate";

    /** Reserved prefix, in upper or lower case: an event's own headers must not start with it. */
    public static final String RESERVED_PREFIX = "tidemark-";

    private static final Set<String> RESERVED = Set.of(
            ID,
            TYPE,
            CONTENT_TYPE,
            TRACEPARENT,
            TRACESTATE,
            "ce_specversion",
            "ce_id",
            "ce_source",
            "ce_type",
            "ce_subject",
            "ce_time");

    private EventHeaders() {}

    /** Whether Tidemark writes this header, so that an event's own headers must not use it. Ignores case. */
    public static boolean isReserved(String name) {
        String lowerCase = name.toLowerCase(Locale.ROOT);
        return lowerCase.startsWith(RESERVED_PREFIX) || RESERVED.contains(lowerCase);
    }
}
