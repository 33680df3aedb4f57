/**
 * Keeps the outbox table small: partitions are made ahead, and dropped when every row in them is older than the
 * retention and seen published by this very run. Once a minute, on a thread of the active relay's run. Whatever fails
 * is told once and tried again; it never ends the run, and it never drops what is not proven published.
 */
@NullMarked
package io.tidemark.relay.cleanup;

import org.jspecify.annotations.NullMarked;
