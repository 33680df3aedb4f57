// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import java.time.Duration;

/**
 * What happens to an event whose handler fails. If the database is unreachable, the runner waits for it without limit
 * and does not count an attempt. The same holds for failures that other transactions cause (deadlocks, serialization
 * failures, lock timeouts, canceled statements: SQLSTATE 40xxx, 55P03, 57014) and for interrupts. If the same events
 * end the database session five times in a row, and the database answers in between, the fifth time and each later time
 * counts as an attempt. Immutable.
 *
 * @param attempts maximum number of attempts for a single event; 1 to 1000
 * @param firstDelay delay before the second attempt, above zero; doubled before each further one, half of it random
 * @param maxDelay maximum delay; {@code firstDelay} or longer
 * @param afterwards what happens when the last attempt has failed
 */
public record FailurePolicy(int attempts, Duration firstDelay, Duration maxDelay, Afterwards afterwards) {

    private static final int MAX_ATTEMPTS = 1000;

    /** What happens when the last attempt has failed. */
    public sealed interface Afterwards {

        /** The event's partition stops until {@link ProjectionRunner#resume} or a restart; the others continue. */
        record StopPartition() implements Afterwards {}

        /**
         * The event is sent to a topic, and the partition continues after it. The event is sent before the progress is
         * committed. After a crash in between, the topic holds two copies with the same
         * {@code tidemark-dead-letter-origin}.
         *
         * @param topic the runner creates it, with the broker's defaults, unless it exists
         */
        record DeadLetter(String topic) implements Afterwards {

            public DeadLetter {
                if (topic.isBlank()) {
                    throw new IllegalArgumentException(
                            "dead-letter topic is empty; name one, for example orders-view.dead-letters");
                }
            }
        }
    }

    public FailurePolicy {
        if (attempts < 1 || attempts > MAX_ATTEMPTS) {
            throw new IllegalArgumentException("attempts must be from 1 to " + MAX_ATTEMPTS + ", not " + attempts);
        }
        if (firstDelay.isNegative() || firstDelay.isZero()) {
            throw new IllegalArgumentException("firstDelay must be above zero, not " + firstDelay);
        }
        if (maxDelay.compareTo(firstDelay) < 0) {
            throw new IllegalArgumentException(
                    "maxDelay must be firstDelay (" + firstDelay + ") or longer, not " + maxDelay);
        }
    }

    /** Stops the partition after this number of attempts. The delays between attempts grow from 200 ms to 30 s. */
    public static FailurePolicy stopAfter(int attempts) {
        return new FailurePolicy(
                attempts, Duration.ofMillis(200), Duration.ofSeconds(30), new Afterwards.StopPartition());
    }

    /**
     * Sends the event to the topic after this number of attempts. The delays between attempts grow from 200 ms to 30 s.
     */
    public static FailurePolicy deadLetterAfter(int attempts, String topic) {
        return new FailurePolicy(
                attempts, Duration.ofMillis(200), Duration.ofSeconds(30), new Afterwards.DeadLetter(topic));
    }
}
