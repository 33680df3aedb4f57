/**
 * The relay's metrics, in Prometheus' format. The publishing thread counts once per Kafka transaction, the HTTP threads
 * once per request. A thread of this package queries servers in the background. A scrape reads only memory. Every name
 * is in docs/metrics.md.
 */
@NullMarked
package io.tidemark.relay.metrics;

import org.jspecify.annotations.NullMarked;
