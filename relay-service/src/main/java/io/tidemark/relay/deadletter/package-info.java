/**
 * Lists dead letters, sends them again, or drops them. Used by the command line, with or without a running relay. Each
 * change is one Kafka transaction. Two concurrent changes fence each other.
 */
@NullMarked
package io.tidemark.relay.deadletter;

import org.jspecify.annotations.NullMarked;
