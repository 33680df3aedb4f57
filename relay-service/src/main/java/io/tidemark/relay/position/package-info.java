/**
 * The durable position in Kafka: what is recorded with the events, how it is read at the start of a run, and the
 * decision whether and where to start. Values and pure decisions, except for
 * {@link io.tidemark.relay.position.KafkaTail}.
 */
@NullMarked
package io.tidemark.relay.position;

import org.jspecify.annotations.NullMarked;
