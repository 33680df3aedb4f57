/**
 * The relay's pure core in a world that goes wrong: a WAL, a Kafka and a consumer group as small models, the real
 * filter, position, start decision and index, and an order of events drawn from a seed. One thread.
 */
@NullMarked
package io.tidemark.relay.simulation;

import org.jspecify.annotations.NullMarked;
