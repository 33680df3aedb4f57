/**
 * Spans of published events, for those who put OpenTelemetry on the class path. The events themselves carry the writer's
 * trace context on, untouched, with it and without. On the publishing thread.
 */
@NullMarked
package io.tidemark.relay.trace;

import org.jspecify.annotations.NullMarked;
