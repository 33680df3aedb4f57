/**
 * The composition of the relay: {@link io.tidemark.relay.Relay} owns what lives as long as the process and supervises
 * runs; a run owns one engine, one producer and the order "Kafka commit, index, slot confirmation". Every other package
 * is one step and knows none of the others but those whose values it is handed.
 */
@NullMarked
package io.tidemark.relay;

import org.jspecify.annotations.NullMarked;
