/**
 * Makes the replication slot so that every row of the outbox either comes through it or is listed in
 * {@code outbox.backlog}, and reads what a person has decided about the listed rows. On the caller's thread.
 */
@NullMarked
package io.tidemark.relay.source.slot;

import org.jspecify.annotations.NullMarked;
