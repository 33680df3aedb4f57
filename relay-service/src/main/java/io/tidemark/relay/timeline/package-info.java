/**
 * Postgres timelines: the ancestors of the database's timeline, and what a token means on it. Tokens are judged only
 * here, for projections and for replicas. Pure, except for reading the history over a replication connection.
 */
@NullMarked
package io.tidemark.relay.timeline;

import org.jspecify.annotations.NullMarked;
