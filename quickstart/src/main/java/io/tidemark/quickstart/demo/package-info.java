/**
 * The demo: a shop that writes orders and events in its own transactions, a projection that consumes them into its own
 * database, and reads with and without a token. Written as a user would write it, with plain JDBC and Tidemark's
 * consumer library.
 */
@NullMarked
package io.tidemark.quickstart.demo;

import org.jspecify.annotations.NullMarked;
