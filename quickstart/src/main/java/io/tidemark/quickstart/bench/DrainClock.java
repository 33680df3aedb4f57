// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.bench;

import java.util.OptionalDouble;

/** Measures the arrival of the events that waited for the relay. Written on the reader's thread, read on any thread. */
final class DrainClock implements TopicReader.Listener {

    private final int events;
    private int count;
    private final Mark first = new Mark();
    private final Mark half = new Mark();
    private long lastNanos;

    /** A time, and the number of events that had arrived after the poll at that time. */
    private static final class Mark {
        private boolean isSet;
        private long nanos;
        private int count;

        void see(long nanosNow, int countNow) {
            if (!isSet) {
                isSet = true;
                nanos = nanosNow;
            }
            if (nanos == nanosNow) {
                count = countNow;
            }
        }
    }

    /** @param events number of waiting events */
    DrainClock(int events) {
        this.events = events;
    }

    @Override
    public synchronized void read(int number, long nanos) {
        count++;
        first.see(nanos, count);
        if (2L * count >= events) {
            half.see(nanos, count);
        }
        lastNanos = nanos;
    }

    synchronized int count() {
        return count;
    }

    synchronized boolean isComplete() {
        return count >= events;
    }

    /** Time from the first to the last event. */
    synchronized double seconds() {
        return count == 0 ? 0 : (lastNanos - first.nanos) / 1e9;
    }

    synchronized double secondsSince(long nanos) {
        return count == 0 ? 0 : (lastNanos - nanos) / 1e9;
    }

    /** Rate of all events after the first poll; empty if one poll brought all of them. */
    synchronized OptionalDouble eventsPerSecond() {
        return rateSince(first);
    }

    /** Rate of the second half, when the relay's JVM has warmed up; empty if one poll brought it. */
    synchronized OptionalDouble secondHalfEventsPerSecond() {
        return rateSince(half);
    }

    private OptionalDouble rateSince(Mark mark) {
        return !mark.isSet || lastNanos == mark.nanos
                ? OptionalDouble.empty()
                : OptionalDouble.of((count - mark.count) * 1e9 / (lastNanos - mark.nanos));
    }
}
