// SPDX-License-Identifier: Apache-2.0
package io.tidemark.outbox;

/** The names of the relay's internal topics. Fixed; event topics must not begin with {@link #PREFIX}. */
public final class OwnTopics {

    /** The reserved prefix of all of them. */
    public static final String PREFIX = "tidemark.";

    /** Compacted, one partition: the published position of each source, written together with its events. */
    public static final String POSITIONS = PREFIX + "positions";

    /**
     * One partition, kept for a day: the offsets that each committed Kafka transaction reached. Losing it reduces
     * precision.
     */
    public static final String INDEX = PREFIX + "index";

    /** Compacted, one partition: events that cannot be published; see {@link DeadLetters}. */
    public static final String DEAD_LETTERS = PREFIX + "dead-letters";

    private OwnTopics() {}
}
