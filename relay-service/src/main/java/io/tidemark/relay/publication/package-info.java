/**
 * What decides which rows come through the stream: the publication and the table, as one value that is recorded with the
 * position and compared at every start and behind every Kafka commit. pgoutput decodes with the publication as it was at
 * each point of the WAL, so a change, also one that was undone, is a gap. The reader asks on its caller's thread; the
 * watch has a thread and a connection of its own.
 */
@NullMarked
package io.tidemark.relay.publication;

import org.jspecify.annotations.NullMarked;
