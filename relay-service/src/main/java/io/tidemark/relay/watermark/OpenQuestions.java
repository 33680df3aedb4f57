// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.declared.Footing;
import io.tidemark.relay.evidence.GroupEvidence;
import io.tidemark.relay.group.GroupHistory;
import io.tidemark.relay.group.GroupState;

/**
 * The questions that Kafka must answer before waiters can be answered. Anything seen before a question may have changed
 * by then: offsets are reset, logs lose records, and consumers return. Confined to the watermark thread.
 */
final class OpenQuestions {

    /** The information that an answer still needs. */
    private enum Missing {
        NOTHING,
        OFFSETS,
        BOUNDS,
        SAMPLE
    }

    private final GroupEvidence evidence;
    private final GroupHistory history;
    private boolean needsSample;
    private boolean needsBounds;
    private boolean wantsBounds;
    private boolean isSampled;
    private long sampledNanos;

    OpenQuestions(GroupEvidence evidence, GroupHistory history) {
        this.evidence = evidence;
        this.history = history;
    }

    /** Kafka has returned what the group reads. */
    void sampled(long askedNanos) {
        isSampled = true;
        sampledNanos = askedNanos;
        wantsBounds = true; // the bounds are also checked at an interval
    }

    /** Kafka has returned the bounds of the logs. */
    void looked() {
        wantsBounds = false;
    }

    /** Starts again for all parked waiters. */
    void reset(long newestNanos) {
        needsSample = false;
        // request the bounds now, so that an answer need not wait for them
        needsBounds = !evidence.isLookedAtSince(newestNanos) || !evidence.startsAreKnownSince(newestNanos);
    }

    /** Whether a parked waiter needs a sample of what the group reads. */
    boolean needsSample() {
        return needsSample;
    }

    /** Whether a parked waiter needs the bounds of the logs. */
    boolean needsBounds() {
        return needsBounds;
    }

    /** Whether the bounds of the logs are due, with or without a parked waiter. */
    boolean wantsBounds() {
        return wantsBounds;
    }

    /** Whether everything that the answer depends on was requested after the question. Notes what is still needed. */
    boolean isComplete(Waiter waiter, Lsn watermark, Footing footing) {
        Missing missing = missing(waiter, watermark, footing);
        needsBounds |= missing == Missing.BOUNDS;
        needsSample |= missing == Missing.SAMPLE;
        return missing == Missing.NOTHING;
    }

    private Missing missing(Waiter waiter, Lsn watermark, Footing footing) {
        long since = waiter.sinceNanos;
        if (!evidence.isSince(since)) {
            return Missing.OFFSETS;
        }
        boolean isConsumed = watermark.isAtLeast(waiter.target);
        boolean needsEnds = isConsumed || evidence.beyondEnd().isPresent();
        if (!evidence.startsAreKnownSince(since) || (needsEnds && !evidence.endsAreKnownSince(since))) {
            return Missing.BOUNDS;
        }
        boolean isOutdated = isConsumed ? EvidenceAnswers.isOutdated(footing, since) : isDoubtful(since);
        return isOutdated ? Missing.SAMPLE : Missing.NOTHING;
    }

    /**
     * Whether the group counts as stopped and has not been sampled since that time: its consumers may have returned.
     */
    boolean isDoubtful(long sinceNanos) {
        return history.state() == GroupState.STOPPED && !(isSampled && sampledNanos - sinceNanos >= 0);
    }
}
