/**
 * Projections: a handler is given events and a connection inside the transaction that also advances the projection's
 * progress. One polling thread for each runner owns the Kafka consumer and decides; worker threads run handlers and
 * touch the database. Promise: whatever is killed, replaced or reset, each event is applied exactly once, in the order
 * of its partition.
 */
@NullMarked
package io.tidemark.consumers.projection;

import org.jspecify.annotations.NullMarked;
