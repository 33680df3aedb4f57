/**
 * Finds one event by its id: in the outbox, in Kafka, among the dead letters. On threads of its own, of which there are
 * few; it reads only, and says so when it cannot tell.
 */
@NullMarked
package io.tidemark.relay.explain;

import org.jspecify.annotations.NullMarked;
