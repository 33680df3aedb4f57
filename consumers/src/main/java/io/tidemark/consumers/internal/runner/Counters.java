// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.runner;

import java.util.concurrent.atomic.AtomicLong;

/** Counts a runner's work since its start, across connections to Kafka. */
final class Counters {

    final AtomicLong applied = new AtomicLong();
    final AtomicLong retried = new AtomicLong();
    final AtomicLong deadLettered = new AtomicLong();
}
