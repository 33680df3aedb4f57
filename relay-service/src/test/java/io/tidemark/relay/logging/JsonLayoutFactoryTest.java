// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dropwizard.logging.common.ConsoleAppenderFactory;
import io.dropwizard.logging.common.DefaultLoggingFactory;
import io.tidemark.relay.config.file.ConfigurationFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.TimeZone;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonLayoutFactoryTest {

    private final LoggerContext context = new LoggerContext();
    private final Logger logger = context.getLogger("io.tidemark.relay.health.RelayState");

    @Test
    void writesOneObjectPerLine() throws IOException {
        LoggingEvent event = event("event=state reason=\"{}\"", null, "first line\nsecond \"quoted\" line");
        event.setInstant(Instant.parse("2026-11-29T01:02:03.004Z"));
        event.setMDCPropertyMap(Map.of("request", "7"));

        String line = layOut(event);

        assertThat(line).endsWith("}" + System.lineSeparator()).hasLineCount(1);
        assertThat(new ObjectMapper().readTree(line)).isEqualTo(new ObjectMapper().readTree("""
                {"timestamp": "2026-11-29T01:02:03.004Z", "level": "WARN", "thread": "relay",
                 "logger": "io.tidemark.relay.health.RelayState",
                 "message": "event=state reason=\\"first line\\nsecond \\"quoted\\" line\\"",
                 "mdc": {"request": "7"}}
                """));
    }

    @Test
    void writesAStackTraceWithItsCauses() throws IOException {
        LoggingEvent event =
                event("event=run-failed", new IllegalStateException("it broke", new IOException("the disk is full")));
        event.setMDCPropertyMap(Map.of());

        JsonNode line = new ObjectMapper().readTree(layOut(event));

        assertThat(line.path("exception").asText())
                .startsWith("java.lang.IllegalStateException: it broke")
                .contains("writesAStackTraceWithItsCauses", "Caused by: java.io.IOException: the disk is full");
    }

    /** Without the entry in META-INF/services, the file would be rejected. */
    @Test
    void isFoundByTheNameInTheConfiguration(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("relay.yml"), """
                postgres: {url: 'jdbc:postgresql://db:5432/shop', user: relay}
                kafka: {bootstrapServers: 'kafka:9092'}
                logging:
                  appenders: [{type: console, layout: {type: json}}]
                """);

        DefaultLoggingFactory logging =
                (DefaultLoggingFactory) ConfigurationFile.read(file).getLoggingFactory();

        assertThat(logging.getAppenders())
                .singleElement()
                .extracting(appender -> ((ConsoleAppenderFactory<?>) appender).getLayout())
                .isInstanceOf(JsonLayoutFactory.class);
    }

    private LoggingEvent event(String message, @Nullable Throwable failure, Object... arguments) {
        LoggingEvent event = new LoggingEvent("", logger, Level.WARN, message, failure, arguments);
        event.setThreadName("relay");
        return event;
    }

    private String layOut(LoggingEvent event) {
        var layout = new JsonLayoutFactory().build(context, TimeZone.getTimeZone("Asia/Tokyo"));
        layout.start();
        return layout.doLayout(event);
    }
}
