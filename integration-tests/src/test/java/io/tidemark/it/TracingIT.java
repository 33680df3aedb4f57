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
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A relay with OpenTelemetry on its class path; that of the demo and of the image has none. */
class TracingIT {

    private static final String SAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private static final String NOT_SAMPLED = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-00";

    private final InMemorySpanExporter exporter = InMemorySpanExporter.create();
    private OpenTelemetrySdk telemetry;

    @BeforeEach
    void install() {
        GlobalOpenTelemetry.resetForTest(); // relays of other tests in this JVM have taken the empty one
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
    void makesASpanOfTheSampledEventAndPassesBothContextsThrough() throws Exception {
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
}
