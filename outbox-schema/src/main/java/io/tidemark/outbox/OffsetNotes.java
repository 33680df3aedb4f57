package io.tidemark.outbox;

/** What a consumer may commit with an offset, as Kafka's metadata of the commit, for the relay to read. */
public final class OffsetNotes {

    /** The group builds a projection anew that nobody reads yet: until it has caught up, waiting for it is in vain. */
    public static final String REBUILDING = "tidemark-rebuilding";

    private OffsetNotes() {}
}
