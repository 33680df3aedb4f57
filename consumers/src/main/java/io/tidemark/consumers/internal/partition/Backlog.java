// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.partition;

import io.tidemark.consumers.Event;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The events of one partition that have arrived and are not applied yet, in order, and how far it was fetched. Polling
 * thread only.
 */
public final class Backlog {

    private final long patienceNanos;
    private final Deque<Event> events = new ArrayDeque<>();
    private long fetchedUpTo;
    private boolean isQuiet;
    private long quietSinceNanos;

    /** @param patience minimum time without arrivals before {@link #passableUpTo} returns an offset */
    Backlog(Duration patience) {
        this.patienceNanos = patience.toNanos();
    }

    /** Fetching begins here. */
    void begin(long offset) {
        events.clear();
        fetchedUpTo = offset;
        isQuiet = false;
    }

    public void add(Event event) {
        events.add(event);
        fetchedUpTo = event.offset() + 1;
        isQuiet = false;
    }

    /** Everything below this offset has arrived. Offsets that were not added have no event. */
    public void fetchedUpTo(long offset) {
        fetchedUpTo = offset;
    }

    /** The offset after the last one that has arrived, or the offset where fetching begins. */
    public long fetchedUpTo() {
        return fetchedUpTo;
    }

    void clear() {
        events.clear();
    }

    void removeBelow(long offset) {
        while (!events.isEmpty() && events.element().offset() < offset) {
            events.remove();
        }
    }

    @Nullable
    Event head() {
        return events.peek();
    }

    public int size() {
        return events.size();
    }

    /** The first events, up to this number. */
    List<Event> first(int most) {
        int size = Math.min(most, events.size());
        List<Event> first = new ArrayList<>(size);
        for (Iterator<Event> all = events.iterator(); first.size() < size; ) {
            first.add(all.next());
        }
        return List.copyOf(first);
    }

    /** The end of the offsets without events from this offset on: only transaction markers and aborted records. */
    OptionalLong passableUpTo(long nextOffset) {
        return events.isEmpty() && fetchedUpTo > nextOffset ? OptionalLong.of(fetchedUpTo) : OptionalLong.empty();
    }

    /** The same, once nothing has arrived for a while: a separate transaction after each batch would be expensive. */
    OptionalLong passableUpTo(long nextOffset, long nowNanos) {
        OptionalLong end = passableUpTo(nextOffset);
        if (end.isPresent() && !isQuiet) {
            isQuiet = true;
            quietSinceNanos = nowNanos;
        }
        return end.isPresent() && nowNanos - quietSinceNanos >= patienceNanos ? end : OptionalLong.empty();
    }
}
