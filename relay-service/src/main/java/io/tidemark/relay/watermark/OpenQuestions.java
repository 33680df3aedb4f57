// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.declared.Footing;
import io.tidemark.relay.group.GroupHistory;
import io.tidemark.relay.group.GroupState;

/**
 * What has to be asked of Kafka before waiters can be answered. Whatever was true before a question may have been undone
 * by then: offsets are reset, logs lose records, and consumers come back. Confined to the watermark thread.
 */
final class OpenQuestions {

    /** What an answer is still missing. */
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

    /** Kafka has told what the group reads. */
    void sampled(long askedNanos) {
        isSampled = true;
        sampledNanos = askedNanos;
        wantsBounds = true; // to be looked at now and then in any case
    }

    /** Kafka has told where the logs begin and end. */
    void looked() {
        wantsBounds = false;
    }

    /** Begins anew for all who are parked. */
    void reset(long newestNanos) {
        needsSample = false;
        // at once, so that an answer need not wait for it
        needsBounds = !evidence.isLookedAtSince(newestNanos) || !evidence.startsAreKnownSince(newestNanos);
    }

    /** What the group reads. */
    boolean needsSample() {
        return needsSample;
    }

    /** Where the logs begin and end, for somebody who is parked. */
    boolean needsBounds() {
        return needsBounds;
    }

    /** Where the logs begin and end, whether anybody is parked or not. */
    boolean wantsBounds() {
        return wantsBounds;
    }

    /** Whether all that its answer rests on was asked for after the question; what was not is noted as needed. */
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
        if (!evidence.startsAreKnownSince(since) || (isConsumed && !evidence.endsAreKnownSince(since))) {
            return Missing.BOUNDS;
        }
        boolean isOutdated = isConsumed ? EvidenceAnswers.isOutdated(footing, since) : isDoubtful(since);
        return isOutdated ? Missing.SAMPLE : Missing.NOTHING;
    }

    /** Whether the group was without members when it was looked at, before then: its consumers may be back. */
    boolean isDoubtful(long sinceNanos) {
        return history.state() == GroupState.STOPPED && !(isSampled && sampledNanos - sinceNanos >= 0);
    }
}
