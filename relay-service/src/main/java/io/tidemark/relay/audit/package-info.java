/**
 * Compares the rows of the outbox with the records in Kafka, one by one, for {@code tidemark audit}. On the command's
 * thread, beside the relay: it only reads, except that it writes which days are settled, to a key that the relay never
 * writes.
 */
@NullMarked
package io.tidemark.relay.audit;

import org.jspecify.annotations.NullMarked;
