package io.tidemark.quickstart.measure;

import java.util.Arrays;

/** Durations in nanoseconds, of which quantiles are told. Safe on any thread. */
public final class Latencies {

    private static final int FIRST_CAPACITY = 1024;

    private long[] nanos = new long[FIRST_CAPACITY];
    private int size;

    /** Adds one; below zero, as when a record was read before its writer learnt of the commit, counts as zero. */
    public synchronized void add(long durationNanos) {
        if (size == nanos.length) {
            nanos = Arrays.copyOf(nanos, 2 * size);
        }
        nanos[size++] = Math.max(0, durationNanos);
    }

    public synchronized int count() {
        return size;
    }

    public synchronized Quantiles quantiles() {
        long[] sorted = Arrays.copyOf(nanos, size);
        Arrays.sort(sorted);
        return new Quantiles(size, millis(sorted, 0.5), millis(sorted, 0.99), millis(sorted, 1));
    }

    /** By nearest rank: a duration that there was, with two decimals. */
    private static double millis(long[] sortedNanos, double quantile) {
        if (sortedNanos.length == 0) {
            return 0;
        }
        int rank = Math.max(1, (int) Math.ceil(quantile * sortedNanos.length));
        return Math.round(sortedNanos[rank - 1] / 10_000.0) / 100.0;
    }

    @Override
    public String toString() {
        return "n=" + count() + " " + quantiles();
    }
}
