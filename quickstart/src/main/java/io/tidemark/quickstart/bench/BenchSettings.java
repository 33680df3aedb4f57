package io.tidemark.quickstart.bench;

import java.nio.file.Path;
import java.time.Duration;

/**
 * What is measured.
 *
 * @param events how many are waiting when the relay starts
 * @param payloadBytes of every event
 * @param rate at which events are written then, a second
 * @param duration of each of the three parts that last for a time
 * @param dir where the temporary directory is made
 */
public record BenchSettings(int events, int payloadBytes, int rate, Duration duration, Path dir) {

    public static final int MOST_EVENTS = 10_000_000;
    /** The number of the event stands in the payload. */
    public static final int LEAST_PAYLOAD_BYTES = 16;
    /** Below what a topic takes by default. */
    public static final int MOST_PAYLOAD_BYTES = 512 * 1024;

    public static final int MOST_RATE = 100_000;
    public static final Duration LEAST_DURATION = Duration.ofSeconds(1);
    public static final Duration MOST_DURATION = Duration.ofMinutes(10);
    /** Two times are kept for each. */
    public static final int MOST_PACED_EVENTS = 2_000_000;

    private static final int WARM_UP_SHARE = 10;
    /** A row, its WAL, and twice the record: the index, segments that are made ahead. */
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

    /** How many events a part writes that keeps the rate. */
    public static long pacedEvents(int rate, Duration duration) {
        return rate * duration.toMillis() / 1000;
    }

    int pacedEvents() {
        return (int) pacedEvents(rate, duration);
    }

    /** At the beginning of a part that warms up by itself. */
    Duration warmUp() {
        return duration.dividedBy(WARM_UP_SHARE);
    }

    /** About as much as all this takes on the disk. */
    long diskBytes() {
        return SERVERS_BYTES + COPIES * (events + 2L * pacedEvents()) * (payloadBytes + OVERHEAD_BYTES);
    }
}
