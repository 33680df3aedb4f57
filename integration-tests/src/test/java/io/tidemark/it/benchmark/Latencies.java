package io.tidemark.it.benchmark;

import java.util.Arrays;
import java.util.Locale;

/** Durations in nanoseconds, and what is usually said of them. Safe on any thread. */
final class Latencies {

    private final long[] nanos;
    private int size;

    Latencies(int most) {
        this.nanos = new long[most];
    }

    synchronized void add(long duration) {
        nanos[size++] = Math.max(0, duration);
    }

    synchronized long count() {
        return size;
    }

    @Override
    public synchronized String toString() {
        long[] sorted = Arrays.copyOf(nanos, size);
        Arrays.sort(sorted);
        return String.format(
                Locale.ROOT,
                "n=%d p50=%.2f ms p99=%.2f ms max=%.1f ms",
                size,
                at(sorted, 0.5),
                at(sorted, 0.99),
                at(sorted, 1));
    }

    private static double at(long[] sorted, double quantile) {
        int index = (int) Math.ceil(quantile * sorted.length) - 1;
        return sorted.length == 0 ? Double.NaN : sorted[Math.max(0, index)] / 1e6;
    }
}
