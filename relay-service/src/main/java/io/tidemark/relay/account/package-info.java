/**
 * How many rows of the outbox are in Kafka, for each day of {@code created_at}, and a digest of their ids. The
 * publishing thread counts and commits the counts with the events; the cleanup and {@code tidemark audit} compare them
 * with the table. Values, except for {@link io.tidemark.relay.account.AuditTally}.
 */
@NullMarked
package io.tidemark.relay.account;

import org.jspecify.annotations.NullMarked;
