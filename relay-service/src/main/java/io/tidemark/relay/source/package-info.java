/**
 * What the relay reads from the source database besides the stream: its identity, its WAL, our slot, the lock that
 * decides which replica is active, and the nudge. The lock is only a hint that keeps replicas apart; the fenced
 * producer makes a late replica harmless. The replication stream belongs to {@code capture.engine}.
 */
@NullMarked
package io.tidemark.relay.source;

import org.jspecify.annotations.NullMarked;
