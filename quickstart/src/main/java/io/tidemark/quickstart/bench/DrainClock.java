package io.tidemark.quickstart.bench;

import java.util.OptionalDouble;

/** Sees the events come that were waiting for the relay. Told on the reader's thread, asked on any. */
final class DrainClock implements TopicReader.Listener {

    private final int events;
    private int count;
    private final Mark first = new Mark();
    private final Mark half = new Mark();
    private long lastNanos;

    /** A moment, and how many had come when the poll was dealt with that brought this one. */
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

    /** @param events how many are waiting */
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

    /** From the first to the last. */
    synchronized double seconds() {
        return count == 0 ? 0 : (lastNanos - first.nanos) / 1e9;
    }

    synchronized double secondsSince(long nanos) {
        return count == 0 ? 0 : (lastNanos - nanos) / 1e9;
    }

    /** Of all behind those that came first; empty when they were so few that all came at once. */
    synchronized OptionalDouble eventsPerSecond() {
        return rateSince(first);
    }

    /** Of the second half, when the relay's JVM has warmed up; empty when it came at once. */
    synchronized OptionalDouble secondHalfEventsPerSecond() {
        return rateSince(half);
    }

    private OptionalDouble rateSince(Mark mark) {
        return !mark.isSet || lastNanos == mark.nanos
                ? OptionalDouble.empty()
                : OptionalDouble.of((count - mark.count) * 1e9 / (lastNanos - mark.nanos));
    }
}
