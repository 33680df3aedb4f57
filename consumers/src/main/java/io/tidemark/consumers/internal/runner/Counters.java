package io.tidemark.consumers.internal.runner;

import java.util.concurrent.atomic.AtomicLong;

/** What a runner has done since its start; survives a new connection to Kafka. */
final class Counters {

    final AtomicLong applied = new AtomicLong();
    final AtomicLong retried = new AtomicLong();
    final AtomicLong deadLettered = new AtomicLong();
}
