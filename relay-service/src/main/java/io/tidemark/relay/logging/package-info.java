/**
 * The layout of log lines as JSON, for {@code logging.appenders[].layout.type: json}. Dropwizard finds it through
 * {@code META-INF/services}. Called by the thread that writes an appender's lines.
 */
@NullMarked
package io.tidemark.relay.logging;

import org.jspecify.annotations.NullMarked;
