/**
 * The watermark of physical standbys: has one replayed up to a token? One thread for each standby, which looks at it only
 * while somebody waits. Postgres' own WAIT FOR LSN knows no timeline; here a token whose write was lost is never waited
 * for, and never answered with success.
 */
@NullMarked
package io.tidemark.relay.replica;

import org.jspecify.annotations.NullMarked;
