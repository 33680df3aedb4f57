/**
 * Publishes retained rows of the outbox once more, for {@code tidemark replay}. On the command's thread, beside the
 * relay: another producer, no slot, no position, no index entry. Only rows that the relay has published already, of one
 * snapshot, and each with a header that says so.
 */
@NullMarked
package io.tidemark.relay.replay;

import org.jspecify.annotations.NullMarked;
