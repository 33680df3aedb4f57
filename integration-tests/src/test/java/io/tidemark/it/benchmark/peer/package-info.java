// SPDX-License-Identifier: Apache-2.0
/**
 * Tidemark beside its peers in one run: Kafka Connect, a Debezium engine that only counts, and a relay that polls. See
 * {@link io.tidemark.it.benchmark.peer.PeerBenchmark}.
 */
@NullMarked
package io.tidemark.it.benchmark.peer;

import org.jspecify.annotations.NullMarked;
