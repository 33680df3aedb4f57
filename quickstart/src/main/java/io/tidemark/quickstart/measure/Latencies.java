// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.measure;

import java.util.Arrays;

/** Collects durations in nanoseconds and returns their quantiles. Safe on any thread. */
public final class Latencies {

    private static final int FIRST_CAPACITY = 1024;

    private long[] nanos = new long[FIRST_CAPACITY];
    private int size;

    /** Adds a duration. A negative one counts as zero: a record may be read before its writer sees the commit. */
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

    /** The quantile by nearest rank: one of the durations, with two decimals. */
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
