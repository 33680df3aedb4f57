/**
 * Servers, sources, relays, workloads and readers for the tests. An audit table and a {@code test_decoding} slot show
 * the committed events, never the relay.
 */
@NullMarked
package io.tidemark.it.harness;

import org.jspecify.annotations.NullMarked;
