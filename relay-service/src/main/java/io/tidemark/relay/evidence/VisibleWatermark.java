// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.evidence;

import io.tidemark.outbox.Lsn;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The watermark of a group as it was seen a fixed time ago: what is committed becomes visible only after that time. The
 * time counts from when this replica saw the offsets, which is after their commit. Bounded, because notes close to each
 * other are joined under the later time. Safe on any thread.
 */
final class VisibleWatermark {

    /** Notes within this fraction of the delay are joined. */
    private static final int GRAIN = 64;

    private final long delayNanos;
    /** The oldest first, with rising watermarks, all above {@link #visible}. */
    private final Deque<Note> notes = new ArrayDeque<>();

    private Lsn visible = Lsn.ZERO;

    /**
     * @param begunNanos when the first of the joined watermarks was seen
     * @param seenNanos when {@code watermark} was seen
     */
    private record Note(long begunNanos, long seenNanos, Lsn watermark) {}

    VisibleWatermark(long delayNanos) {
        this.delayNanos = delayNanos;
    }

    /** Accepts the watermark by offsets that Kafka had returned at that time. */
    synchronized void see(Lsn watermark, long seenNanos) {
        if (delayNanos == 0) {
            return;
        }
        if (visible.isAfter(watermark)) { // the group has gone back
            visible = watermark;
        }
        notes.removeIf(note -> note.watermark().isAfter(watermark));
        Note last = notes.peekLast();
        if (!watermark.isAfter(last == null ? visible : last.watermark())) {
            return;
        }
        boolean isJoined = last != null && seenNanos - last.begunNanos() < delayNanos / GRAIN;
        if (isJoined) {
            notes.removeLast();
        }
        notes.addLast(new Note(isJoined ? last.begunNanos() : seenNanos, seenNanos, watermark));
    }

    /** @param watermark the current one, seen before */
    synchronized Lsn at(long nowNanos, Lsn watermark) {
        if (delayNanos == 0) {
            return watermark;
        }
        for (Note first = notes.peekFirst();
                first != null && nowNanos - first.seenNanos() >= delayNanos;
                first = notes.peekFirst()) {
            visible = first.watermark();
            notes.removeFirst();
        }
        return visible.isAfter(watermark) ? watermark : visible;
    }

    /** Forgets everything: LSNs have another meaning now. */
    synchronized void clear() {
        notes.clear();
        visible = Lsn.ZERO;
    }

    synchronized int noted() {
        return notes.size();
    }
}
