/**
 * Publishes retained rows of the outbox once more, for {@code tidemark replay}. On the command's thread, beside the
 * relay: with a separate producer, and without slot, position or index entry. Publishes only rows that the relay has
 * already published, of one snapshot, each with a header that marks the replay.
 */
@NullMarked
package io.tidemark.relay.replay;

import org.jspecify.annotations.NullMarked;
