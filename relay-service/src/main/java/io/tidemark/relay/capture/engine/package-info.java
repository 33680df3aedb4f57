/**
 * Takes committed changes off the replication stream. Owns the Debezium engine, which keeps connection, slot, types and
 * lifecycle; the <em>tap</em> takes events, commits and logical messages off its stream, on its streaming thread, and puts
 * them on the ring. Every detail of Debezium or pgjdbc that Tidemark depends on is in this package or in {@code capture}, and
 * has a guard test that fails when an upgrade changes it.
 */
@NullMarked
package io.tidemark.relay.capture.engine;

import org.jspecify.annotations.NullMarked;
