/**
 * Keeps the outbox table small. Partitions are made ahead, and dropped when every row in them is older than the
 * retention and was seen published by this very run. Once a minute, on a thread of the active relay's run. A failure is
 * logged once and retried; it never ends the run. The cleanup never drops what is not proven published.
 */
@NullMarked
package io.tidemark.relay.cleanup;

import org.jspecify.annotations.NullMarked;
