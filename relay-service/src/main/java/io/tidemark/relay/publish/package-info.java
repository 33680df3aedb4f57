/**
 * The producer's side of Kafka: topics, and one Kafka transaction for a batch of events and the position they reach.
 * Knows nothing of Postgres. Every answer of a broker is turned into one of the failures declared here.
 */
@NullMarked
package io.tidemark.relay.publish;

import org.jspecify.annotations.NullMarked;
