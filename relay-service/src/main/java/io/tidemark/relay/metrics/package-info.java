/**
 * What can be watched from outside, in Prometheus' form. Counts are kept per Kafka transaction by the publishing thread
 * and per request by HTTP's; servers are looked at in the background, on a thread of this package; a scrape reads
 * memory only. Every name is in docs/metrics.md.
 */
@NullMarked
package io.tidemark.relay.metrics;

import org.jspecify.annotations.NullMarked;
