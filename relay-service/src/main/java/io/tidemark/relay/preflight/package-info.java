/**
 * The checks of {@code tidemark check}: everything in the database and Kafka that would stop a relay that starts now,
 * each with its fix. Changes nothing, and may run beside a relay. One thread.
 */
@NullMarked
package io.tidemark.relay.preflight;

import org.jspecify.annotations.NullMarked;
