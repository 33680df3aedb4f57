// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.relay.cli.TidemarkCli;
import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A relay with OpenTelemetry on its class path. The demo and the image do not have it. */
class TracingIT {

    private static final String SAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private static final String NOT_SAMPLED = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-00";

    private final InMemorySpanExporter exporter = InMemorySpanExporter.create();
    private OpenTelemetrySdk telemetry;

    @BeforeEach
    void install() {
        GlobalOpenTelemetry.resetForTest(); // relays of other tests in this JVM have set the empty one
        telemetry = OpenTelemetrySdk.builder()
                .setTracerProvider(SdkTracerProvider.builder()
                        .addSpanProcessor(SimpleSpanProcessor.create(exporter))
                        .build())
                .buildAndRegisterGlobal();
    }

    @AfterEach
    void remove() {
        telemetry.close();
        GlobalOpenTelemetry.resetForTest();
    }

    @Test
    void exportsASpanForTheSampledEventAndKeepsBothContexts() throws Exception {
        try (TestSource source = TestSource.create("tracing");
                RunningRelay ignored = RunningRelay.startAndAwait(source.configuration())) {
            for (String context : List.of(SAMPLED, NOT_SAMPLED)) {
                source.execute("select outbox.publish('order', '1', 't', 'x', traceparent => '" + context
                        + "', tracestate => 'rojo=1,  congo=2')");
            }
            List<ReadEvent> read =
                    TopicReader.readUntil(source.servers(), source.topic("order"), events -> events.size() == 2);
            await("the span").until(() -> !exporter.getFinishedSpanItems().isEmpty());

            assertThat(read)
                    .extracting(event -> event.headers().get("traceparent"))
                    .containsExactly(SAMPLED, NOT_SAMPLED);
            assertThat(read)
                    .extracting(event -> event.headers().get("tracestate"))
                    .containsOnly("rojo=1,  congo=2");
            assertThat(exporter.getFinishedSpanItems()).hasSize(1);
            SpanData span = exporter.getFinishedSpanItems().get(0);
            assertThat(span.getName()).isEqualTo("send " + source.topic("order"));
            assertThat(SAMPLED).contains(span.getTraceId(), span.getParentSpanId());
        }
    }

    /** As in the image. */
    @Test
    void keepsTheContextsWithoutOpenTelemetry() throws Exception {
        String all = System.getProperty("java.class.path");
        String without = Arrays.stream(all.split(File.pathSeparator))
                .filter(entry -> !entry.contains("opentelemetry"))
                .collect(Collectors.joining(File.pathSeparator));
        assertThat(without.length()).isLessThan(all.length());
        try (TestSource source = TestSource.create("untraced")) {
            Path config = source.configFile(
                    "server: {applicationConnectors: [{type: http, bindHost: 127.0.0.1, port: 0}], adminConnectors:"
                            + " [{type: http, bindHost: 127.0.0.1, port: 0}]}");
            Process relay = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx256m",
                            "-cp",
                            without,
                            TidemarkCli.class.getName(),
                            "run",
                            config.toString())
                    .inheritIO()
                    .start();
            try {
                source.execute("select outbox.publish('order', '1', 't', 'x', traceparent => '" + SAMPLED + "')");

                assertThat(TopicReader.readUntil(source.servers(), source.topic("order"), events -> !events.isEmpty()))
                        .extracting(event -> event.headers().get("traceparent"))
                        .containsExactly(SAMPLED);
            } finally {
                relay.destroyForcibly().waitFor();
            }
        }
    }
}
