/**
 * Takes committed changes off the replication stream. Owns the Debezium engine, which manages connection, slot, types
 * and lifecycle. The <em>tap</em> takes events, commits and logical messages off the engine's stream, on its streaming
 * thread, and puts them on the ring. Every detail of Debezium or pgjdbc that Tidemark depends on is in this package or
 * in {@code capture}, and has a guard test that fails when an upgrade changes it.
 */
@NullMarked
package io.tidemark.relay.capture.engine;

import org.jspecify.annotations.NullMarked;
