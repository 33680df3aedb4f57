/**
 * Reassembles the changes of the stream into Postgres transactions with their commit LSN. A transaction is held back
 * until that LSN is known, in memory while small and in a file beyond. Single-threaded, on the publishing thread; drops
 * what Kafka already has.
 */
@NullMarked
package io.tidemark.relay.assemble;

import org.jspecify.annotations.NullMarked;
