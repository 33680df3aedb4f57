// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import io.tidemark.relay.index.PublishedIndex;
import io.tidemark.relay.source.Nudge;
import io.tidemark.relay.source.Nudges;
import io.tidemark.relay.source.SourceIdentity;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * Requests nudges for waiters whose token is not published. On an idle database nothing else would move the stream past
 * the token. The position of a nudge also shows whether a write with this token can exist. Confined to the watermark
 * thread.
 */
final class WaiterNudges {

    /** While events flow, the next events usually move the stream past a token within this time, without a nudge. */
    static final long NUDGE_AFTER_MILLIS = 5;

    /** Events are flowing if the last ones arrived less than this time ago. */
    static final long QUIET_AFTER_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final PublishedIndex index;
    private final Nudges nudges;
    private final WatermarkThread thread;

    WaiterNudges(PublishedIndex index, Nudges nudges, WatermarkThread thread) {
        this.index = index;
        this.nudges = nudges;
        this.thread = thread;
    }

    /** @param served the database to which the waiter's LSN belongs */
    void nudgeFor(ProjectionWaiters waiters, Waiter waiter, boolean isWait, SourceIdentity served) {
        long delay = delayMillis(isWait, index.eventsNanos(), System.nanoTime());
        waiter.timer(thread.later(() -> request(waiters, waiter, served), delay));
    }

    /**
     * How long to wait for events that make the nudge unnecessary.
     *
     * @param eventsNanos when the last events arrived, in {@link System#nanoTime}; empty if none have
     */
    static long delayMillis(boolean isWait, OptionalLong eventsNanos, long nowNanos) {
        boolean isQuiet = eventsNanos.isEmpty() || nowNanos - eventsNanos.getAsLong() > QUIET_AFTER_NANOS;
        return isWait && !isQuiet ? NUDGE_AFTER_MILLIS : 0;
    }

    private void request(ProjectionWaiters waiters, Waiter waiter, SourceIdentity served) {
        if (isWanted(waiter)) {
            nudges.request(waiter.target, () -> isWanted(waiter), written -> told(waiters, waiter, served, written));
        }
    }

    /** On any thread. */
    private boolean isWanted(Waiter waiter) {
        return !waiter.answer.isDone() && waiter.target.isAfter(index.published());
    }

    private void told(ProjectionWaiters waiters, Waiter waiter, SourceIdentity served, Nudge written) {
        if (!written.server().equals(served)) {
            nudges.notOf(served);
        }
        if (written.isShortOf(waiter.target, served)) {
            thread.execute(() -> waiters.answer(waiter, new Answer.Ahead(index.published())));
        } else {
            thread.execute(() -> waiters.answerIfUrgent(waiter));
        }
    }
}
