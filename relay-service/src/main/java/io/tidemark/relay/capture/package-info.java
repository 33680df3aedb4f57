/**
 * What the replication stream delivers: changes in stream order on a bounded ring, and events as their rows or messages
 * hold them. Knows the shapes of the outbox, our own and existing ones; {@code capture.engine} feeds it.
 */
@NullMarked
package io.tidemark.relay.capture;

import org.jspecify.annotations.NullMarked;
