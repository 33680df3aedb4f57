package io.tidemark.consumers.internal.progress;

/** What came of an attempt to become the owner of a partition's progress. */
public sealed interface ClaimResult {

    /**
     * The claimant owns it, and every earlier owner has lost.
     *
     * @param nextOffset the first offset that is not applied yet
     * @param epoch to be given with every advance
     */
    record Claimed(long nextOffset, long epoch) implements ClaimResult {}

    /** There is no progress of this partition. */
    record Missing() implements ClaimResult {}

    /** The progress belongs to another consumer group, which would apply every event a second time. */
    record OfAnotherGroup(String groupId) implements ClaimResult {}

    /**
     * The progress is of another topic of that name, which was deleted: its offsets are those of other events.
     *
     * @param recordedId the topic's id in the progress
     * @param currentId the id of the topic that is there now
     * @param nextOffset where the progress stands
     */
    record OfAnotherTopic(String recordedId, String currentId, long nextOffset) implements ClaimResult {}

    /** A newer generation is read instead; this one is never written again. */
    record Replaced(int by) implements ClaimResult {}
}
