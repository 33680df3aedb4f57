/**
 * Decides the Kafka record of an event: topic, key, headers, timestamp. Pure; the payload is unchanged. An event that
 * cannot be published is reported, never changed or skipped.
 */
@NullMarked
package io.tidemark.relay.route;

import org.jspecify.annotations.NullMarked;
