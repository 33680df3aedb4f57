/**
 * What decides which rows come through the stream: the publication and the table, as one value. The value is recorded
 * with the position, and compared at every start and after every Kafka commit. pgoutput decodes with the publication as
 * it was at each point of the WAL, so a change is a gap, even one that was undone. The reader runs on its caller's
 * thread; the watch has its own thread and connection.
 */
@NullMarked
package io.tidemark.relay.publication;

import org.jspecify.annotations.NullMarked;
