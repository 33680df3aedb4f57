package io.tidemark.outbox;

/**
 * Where events go that cannot be published and whose route says {@code onPoison: dead-letter}, and the headers they
 * have there beside those they would have had. The value is the event's payload, byte for byte; the record's timestamp
 * the event's.
 */
public final class DeadLetters {

    /** What the names of the headers below begin with. */
    public static final String HEADER_PREFIX = "tidemark-dead-letter-";
    /** Why the event could not be published, for people. */
    public static final String REASON = HEADER_PREFIX + "reason";
    /** The topic it should have gone to; absent where the event itself has a defect, and would be no better sent again. */
    public static final String INTENDED_TOPIC = HEADER_PREFIX + "topic";
    /** The key it should have had: its aggregate id. */
    public static final String INTENDED_KEY = HEADER_PREFIX + "key";
    /** Its aggregate type, which decides on its route. */
    public static final String AGGREGATE_TYPE = HEADER_PREFIX + "aggregate-type";
    /** When it became a dead letter, ISO 8601. */
    public static final String TIME = HEADER_PREFIX + "time";
    /** {@code true} on an event without payload, whose value here is empty, because null would remove it. */
    public static final String NULL_PAYLOAD = HEADER_PREFIX + "null-payload";

    private DeadLetters() {}
}
