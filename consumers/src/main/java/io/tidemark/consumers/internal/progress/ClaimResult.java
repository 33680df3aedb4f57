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

    /** A newer generation is read instead; this one is never written again. */
    record Replaced(int by) implements ClaimResult {}
}
