/**
 * The demo: a shop that writes orders and events in its own transactions, a projection that consumes them into its own
 * database, and reads with and without a token between them. Written as a user would write it: plain JDBC, a plain
 * Kafka consumer, plain HTTP; only the relay is Tidemark's.
 */
@NullMarked
package io.tidemark.quickstart.demo;

import org.jspecify.annotations.NullMarked;
