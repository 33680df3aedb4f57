package io.tidemark.outbox;

/** The names of the topics that the relay keeps for itself. Fixed; event topics never begin with {@link #PREFIX}. */
public final class OwnTopics {

    /** What all of them begin with; reserved. */
    public static final String PREFIX = "tidemark.";

    /** Compacted, one partition: how far each source is published, written with its events. */
    public static final String POSITIONS = PREFIX + "positions";

    /** One partition, kept for a day: which offsets each committed Kafka transaction reached. Losing it costs precision. */
    public static final String INDEX = PREFIX + "index";

    /** Compacted, one partition: events that cannot be published; see {@link DeadLetters}. */
    public static final String DEAD_LETTERS = PREFIX + "dead-letters";

    private OwnTopics() {}
}
