/**
 * Finds one event by its id: in the outbox, in Kafka, among the dead letters. Runs on a few dedicated threads. Only
 * reads, and reports {@code unknown} if it cannot decide.
 */
@NullMarked
package io.tidemark.relay.explain;

import org.jspecify.annotations.NullMarked;
