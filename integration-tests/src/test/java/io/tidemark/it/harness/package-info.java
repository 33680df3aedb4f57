/**
 * Servers, sources, relays, workloads and readers for the tests. What was committed is told by an audit table and a
 * {@code test_decoding} slot, never by the relay.
 */
@NullMarked
package io.tidemark.it.harness;

import org.jspecify.annotations.NullMarked;
