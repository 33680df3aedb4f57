/**
 * Runs a projection: one polling thread for each runner owns the Kafka consumer and decides, workers do the jobs. Promise:
 * whatever is killed, replaced or reset, each event is applied exactly once, in the order of its partition.
 */
@NullMarked
package io.tidemark.consumers.internal.runner;

import org.jspecify.annotations.NullMarked;
