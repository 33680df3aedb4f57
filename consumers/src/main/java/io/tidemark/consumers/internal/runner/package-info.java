/**
 * Runs a projection. One polling thread for each runner owns the Kafka consumer and decides; workers do the jobs.
 * Promise: each event is applied exactly once, in the order of its partition, even if processes are killed, replaced or
 * reset.
 */
@NullMarked
package io.tidemark.consumers.internal.runner;

import org.jspecify.annotations.NullMarked;
