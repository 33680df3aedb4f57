package io.tidemark.consumers;

import java.time.Duration;

/**
 * What becomes of an event whose handler fails. A database that is away is no fault of the event: that is waited for,
 * however long it takes, and uses up no attempts. An event is to blame when its handling ends the database's session
 * five times in a row, the database being there in between; each further time is an attempt.
 *
 * @param attempts how often a single event is tried, 1 or more
 * @param firstDelay before the second attempt; doubled before each further one
 * @param maxDelay no delay is longer
 * @param afterwards when the last attempt has failed
 */
public record FailurePolicy(int attempts, Duration firstDelay, Duration maxDelay, Afterwards afterwards) {

    private static final int MAX_ATTEMPTS = 1000;

    /** When the last attempt has failed. */
    public sealed interface Afterwards {

        /** The event's partition stands still until {@link ProjectionRunner#resume} or a restart; the others go on. */
        record StopPartition() implements Afterwards {}

        /**
         * The event goes to a topic, and the partition goes on behind it. Sent before the progress is committed: after a
         * crash in between it is there twice, with the same {@code tidemark-dead-letter-origin}.
         *
         * @param topic made by the runner, with the broker's defaults, when it is not there
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

    /** Stops the partition after so many attempts, from 200 ms up to 30 s apart. */
    public static FailurePolicy stopAfter(int attempts) {
        return new FailurePolicy(
                attempts, Duration.ofMillis(200), Duration.ofSeconds(30), new Afterwards.StopPartition());
    }

    /** Sends the event to the topic after so many attempts, from 200 ms up to 30 s apart. */
    public static FailurePolicy deadLetterAfter(int attempts, String topic) {
        return new FailurePolicy(
                attempts, Duration.ofMillis(200), Duration.ofSeconds(30), new Afterwards.DeadLetter(topic));
    }
}
