/**
 * Decides what an event looks like in Kafka: topic, key, headers, timestamp. Pure; the payload passes untouched. An
 * event that cannot be published is named, never changed or skipped.
 */
@NullMarked
package io.tidemark.relay.route;

import org.jspecify.annotations.NullMarked;
