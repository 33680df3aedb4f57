/**
 * The publishing loop, and the order "Kafka commit, look, index, slot" ({@link io.tidemark.relay.loop.CommitOrder}). It
 * reaches the outside through {@link io.tidemark.relay.publish.KafkaTransaction},
 * {@link io.tidemark.relay.loop.RunPublication}, {@link io.tidemark.relay.loop.RunIndex} and
 * {@link io.tidemark.relay.loop.RunSlot}, so that unit tests and the seeded simulation run the same classes. Everything
 * runs on the publishing thread of one run.
 */
@NullMarked
package io.tidemark.relay.loop;

import org.jspecify.annotations.NullMarked;
