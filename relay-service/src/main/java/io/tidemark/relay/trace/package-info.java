/**
 * Spans of published events, if OpenTelemetry is on the class path. With and without it, events carry the writer's
 * trace context unchanged. On the publishing thread.
 */
@NullMarked
package io.tidemark.relay.trace;

import org.jspecify.annotations.NullMarked;
