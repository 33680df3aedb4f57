/**
 * The dead letters for people: which there are, and sending one again or dropping it. Used by the command line, beside
 * a running relay or without one; everything it changes is one Kafka transaction, and two at a time fence each other.
 */
@NullMarked
package io.tidemark.relay.deadletter;

import org.jspecify.annotations.NullMarked;
