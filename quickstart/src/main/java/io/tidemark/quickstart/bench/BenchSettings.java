// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.bench;

import java.nio.file.Path;
import java.time.Duration;

/**
 * The settings of the bench.
 *
 * @param events number of events that wait when the relay starts
 * @param payloadBytes payload size of every event
 * @param rate number of events per second that are written afterwards
 * @param duration duration of each of the three timed parts
 * @param dir parent of the temporary directory
 */
public record BenchSettings(int events, int payloadBytes, int rate, Duration duration, Path dir) {

    public static final int MOST_EVENTS = 10_000_000;
    /** The payload contains the number of the event. */
    public static final int LEAST_PAYLOAD_BYTES = 16;
    /** Below a topic's default maximum. */
    public static final int MOST_PAYLOAD_BYTES = 512 * 1024;

    public static final int MOST_RATE = 100_000;
    public static final Duration LEAST_DURATION = Duration.ofSeconds(1);
    public static final Duration MOST_DURATION = Duration.ofMinutes(10);
    /** Limited, because two times are kept for each event. */
    public static final int MOST_PACED_EVENTS = 2_000_000;

    private static final int WARM_UP_SHARE = 10;
    /** A row, its WAL, and twice the record (for the index and preallocated segments). */
    private static final int COPIES = 4;

    private static final int OVERHEAD_BYTES = 500;
    private static final long SERVERS_BYTES = 1L << 30;

    public BenchSettings {
        requireBetween("events", events, 1, MOST_EVENTS);
        requireBetween("payload bytes", payloadBytes, LEAST_PAYLOAD_BYTES, MOST_PAYLOAD_BYTES);
        requireBetween("rate", rate, 1, MOST_RATE);
        requireBetween("seconds", duration.toSeconds(), LEAST_DURATION.toSeconds(), MOST_DURATION.toSeconds());
        requireBetween("paced events", pacedEvents(rate, duration), 1, MOST_PACED_EVENTS);
    }

    private static void requireBetween(String what, long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(what + " is " + value + ", not between " + least + " and " + most);
        }
    }

    /** Number of events that a part at this rate writes. */
    public static long pacedEvents(int rate, Duration duration) {
        return rate * duration.toMillis() / 1000;
    }

    int pacedEvents() {
        return (int) pacedEvents(rate, duration);
    }

    /** Warm-up time at the beginning of a part. */
    Duration warmUp() {
        return duration.dividedBy(WARM_UP_SHARE);
    }

    /** Approximate disk space for all parts. */
    long diskBytes() {
        return SERVERS_BYTES + COPIES * (events + 2L * pacedEvents()) * (payloadBytes + OVERHEAD_BYTES);
    }
}
