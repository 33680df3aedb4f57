// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.progress;

/** The result of an attempt to become the owner of a partition's progress. */
public sealed interface ClaimResult {

    /**
     * The claimant owns it, and every earlier owner has lost.
     *
     * @param nextOffset the first offset that is not applied yet
     * @param epoch must be passed with every advance
     */
    record Claimed(long nextOffset, long epoch) implements ClaimResult {}

    /** This partition has no progress. */
    record Missing() implements ClaimResult {}

    /** The progress belongs to another consumer group, which would apply every event a second time. */
    record OfAnotherGroup(String groupId) implements ClaimResult {}

    /**
     * The progress belongs to a deleted topic of the same name. Its offsets belong to other events.
     *
     * @param recordedId the topic's id in the progress
     * @param currentId the id of the current topic
     * @param nextOffset the next offset in the progress
     */
    record OfAnotherTopic(String recordedId, String currentId, long nextOffset) implements ClaimResult {}

    /** A newer generation is read instead; this one is never written again. */
    record Replaced(int by) implements ClaimResult {}
}
