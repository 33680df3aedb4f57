/**
 * Runs a projection: {@code ProjectionRunner} is what users start and close. One polling thread for each runner owns the
 * Kafka consumer and decides; workers do the jobs. Promise: whatever is killed, replaced or reset, each event is applied
 * exactly once, in the order of its partition.
 */
@NullMarked
package io.tidemark.consumers.runner;

import org.jspecify.annotations.NullMarked;
