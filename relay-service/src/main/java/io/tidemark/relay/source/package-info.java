/**
 * What the relay asks of the source database over plain SQL: who it is, whether it is ready, where its WAL and our slot
 * stand, and the nudge. Connections here are ordinary ones; the replication stream belongs to {@code capture}.
 */
@NullMarked
package io.tidemark.relay.source;

import org.jspecify.annotations.NullMarked;
