/**
 * The relay's pure core in a world with faults. A WAL, a Kafka and a consumer group are small models; filter, position,
 * start decision and index are real; the order of events is drawn from a seed. One thread.
 */
@NullMarked
package io.tidemark.relay.simulation;

import org.jspecify.annotations.NullMarked;
