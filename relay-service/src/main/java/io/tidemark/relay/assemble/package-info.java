/**
 * Puts the changes of the stream together again: one Postgres transaction with its commit LSN, held back until that
 * LSN is known, in memory while small and in a file beyond. Single-threaded, on the publishing thread; drops what Kafka
 * already has.
 */
@NullMarked
package io.tidemark.relay.assemble;

import org.jspecify.annotations.NullMarked;
