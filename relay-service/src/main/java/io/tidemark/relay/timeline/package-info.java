/**
 * Postgres timelines: where the database's timeline comes from, and what a token means on it. The one judgement of tokens,
 * for projections and for replicas. Pure, except for reading the history over a replication connection.
 */
@NullMarked
package io.tidemark.relay.timeline;

import org.jspecify.annotations.NullMarked;
