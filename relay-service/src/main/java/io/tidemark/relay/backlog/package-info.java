/**
 * {@code tidemark init --existing publish}: publishes the rows that are older than the slot, once each, before a relay
 * streams. Holds the source's lock meanwhile. Events and progress are committed in the same Kafka transactions. One
 * thread.
 */
@NullMarked
package io.tidemark.relay.backlog;

import org.jspecify.annotations.NullMarked;
