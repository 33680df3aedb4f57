/**
 * The watermark of physical standbys: has a standby replayed up to a token? One thread per standby, which polls it only
 * while there are waiters. Postgres' WAIT FOR LSN ignores timelines. This package does not wait for a token whose write
 * was lost, and never answers it with success.
 */
@NullMarked
package io.tidemark.relay.replica;

import org.jspecify.annotations.NullMarked;
