// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.logging;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.pattern.ThrowableProxyConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.LayoutBase;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dropwizard.logging.common.layout.DiscoverableLayoutFactory;
import java.util.TimeZone;

/**
 * One JSON object per line. The names of the fields are those of dropwizard-json-logging, which was not used because the
 * version of our Dropwizard is not in Maven Central.
 */
@JsonTypeName("json")
public final class JsonLayoutFactory implements DiscoverableLayoutFactory<ILoggingEvent> {

    /** @param timeZone ignored: the time is in UTC, as ISO 8601 */
    @Override
    public LayoutBase<ILoggingEvent> build(LoggerContext context, TimeZone timeZone) {
        JsonLayout layout = new JsonLayout();
        layout.setContext(context);
        return layout;
    }

    private static final class JsonLayout extends LayoutBase<ILoggingEvent> {

        private final ThrowableProxyConverter stackTrace = new ThrowableProxyConverter();

        @Override
        public void start() {
            stackTrace.start();
            super.start();
        }

        @Override
        public String doLayout(ILoggingEvent event) {
            ObjectNode line = JsonNodeFactory.instance
                    .objectNode()
                    .put("timestamp", event.getInstant().toString())
                    .put("level", event.getLevel().toString())
                    .put("thread", event.getThreadName())
                    .put("logger", event.getLoggerName())
                    .put("message", event.getFormattedMessage());
            if (!event.getMDCPropertyMap().isEmpty()) {
                event.getMDCPropertyMap().forEach(line.putObject("mdc")::put);
            }
            if (event.getThrowableProxy() != null) {
                line.put("exception", stackTrace.convert(event).stripTrailing());
            }
            return line + System.lineSeparator();
        }
    }
}
