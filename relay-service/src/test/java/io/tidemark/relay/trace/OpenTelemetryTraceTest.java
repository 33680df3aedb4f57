// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OpenTelemetryTraceTest {

    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final String WRITER = "b7ad6b7169203331";
    private static final String SAMPLED = "00-" + TRACE + "-" + WRITER + "-01";

    private final InMemorySpanExporter exporter = InMemorySpanExporter.create();
    private final OpenTelemetrySdk telemetry = OpenTelemetrySdk.builder()
            .setTracerProvider(SdkTracerProvider.builder()
                    .addSpanProcessor(SimpleSpanProcessor.create(exporter))
                    .build())
            .build();
    private final PublishTrace trace = new OpenTelemetryTrace(telemetry);

    @AfterEach
    void close() {
        telemetry.close();
    }

    @Test
    void exportsAProducerSpanOnceTheEventCanBeRead() {
        trace.begin();
        trace.sent(SAMPLED, "rojo=1", "outbox.order", "id-1");
        assertThat(exporter.getFinishedSpanItems()).isEmpty();

        trace.committed();

        SpanData span = exporter.getFinishedSpanItems().get(0);
        assertThat(exporter.getFinishedSpanItems()).hasSize(1);
        assertThat(span.getName()).isEqualTo("send outbox.order");
        assertThat(span.getKind()).isEqualTo(SpanKind.PRODUCER);
        assertThat(span.getTraceId()).isEqualTo(TRACE);
        assertThat(span.getParentSpanId()).isEqualTo(WRITER);
        assertThat(span.getSpanContext().getTraceState().get("rojo")).isEqualTo("1");
        assertThat(span.getAttributes().get(AttributeKey.stringKey("messaging.destination.name")))
                .isEqualTo("outbox.order");
        assertThat(span.getAttributes().get(AttributeKey.stringKey("messaging.message.id")))
                .isEqualTo("id-1");
    }

    @Test
    void exportsOneSpanForAnEventThatWasAbortedAndSentAgain() {
        trace.begin();
        trace.sent(SAMPLED, null, "outbox.order", "id-1");
        trace.begin();
        trace.sent(SAMPLED, null, "outbox.order", "id-1");
        trace.committed();
        trace.begin();
        trace.committed();

        assertThat(exporter.getFinishedSpanItems()).hasSize(1);
    }

    /** The value comes from the writer and may be invalid. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "00-" + TRACE + "-" + WRITER + "-00",
                "00-00000000000000000000000000000000-" + WRITER + "-01",
                "nonsense",
                "",
                "№"
            })
    void exportsNoSpanIfTheWriterWasNotSampled(String traceparent) {
        trace.begin();
        trace.sent(traceparent, "???", "outbox.order", "id-1");
        trace.sent(null, null, "outbox.order", "id-2");
        trace.committed();

        assertThat(exporter.getFinishedSpanItems()).isEmpty();
    }

    /** Publishing continues without spans. */
    @Test
    void losesOnlySpansWhenAnExporterThrows() {
        SpanProcessor broken = new SpanProcessor() {
            @Override
            public void onStart(Context parent, ReadWriteSpan span) {
                if (span.getName().endsWith("start")) {
                    throw new IllegalStateException("broken");
                }
            }

            @Override
            public boolean isStartRequired() {
                return true;
            }

            @Override
            public void onEnd(ReadableSpan span) {
                throw new IllegalStateException("broken");
            }

            @Override
            public boolean isEndRequired() {
                return true;
            }
        };
        PublishTrace failing = new OpenTelemetryTrace(OpenTelemetrySdk.builder()
                .setTracerProvider(
                        SdkTracerProvider.builder().addSpanProcessor(broken).build())
                .build());

        assertThatCode(() -> {
                    failing.begin();
                    failing.sent(SAMPLED, null, "start", "id-1");
                    failing.sent(SAMPLED, null, "end", "id-2");
                    failing.committed();
                    failing.begin();
                    failing.committed();
                })
                .doesNotThrowAnyException();
    }

    @Test
    void usesTheGlobalOpenTelemetryOnlyIfItIsOnTheClassPath() {
        assertThat(PublishTrace.detect()).isInstanceOf(OpenTelemetryTrace.class);
        assertThat(PublishTrace.detect(ClassLoader.getPlatformClassLoader())).isSameAs(PublishTrace.NONE);
    }
}
