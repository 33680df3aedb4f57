/**
 * What the relay asks of the source database besides the stream: who it is, whether it is ready, where its WAL and our slot
 * stand, where its timeline comes from, and the nudge. The replication stream belongs to {@code capture}.
 */
@NullMarked
package io.tidemark.relay.source;

import org.jspecify.annotations.NullMarked;
