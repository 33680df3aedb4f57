// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.trace;

import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Creates a producer span for each event whose writer was sampled, as a child of the writer's span. It lasts from the
 * send to Kafka until the event can be read. Names and attributes follow OpenTelemetry's conventions for messaging. An
 * event that is aborted and sent again has one span, for the attempt that succeeded.
 */
final class OpenTelemetryTrace implements PublishTrace {

    private static final TextMapGetter<Map<String, String>> GETTER = new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(Map<String, String> carrier) {
            return carrier.keySet();
        }

        @Override
        public @Nullable String get(@Nullable Map<String, String> carrier, String key) {
            return carrier == null ? null : carrier.get(key);
        }
    };

    private static final Logger LOG = LoggerFactory.getLogger(OpenTelemetryTrace.class);

    private final Tracer tracer;
    private final List<Span> open = new ArrayList<>();
    private boolean hasFailed;

    OpenTelemetryTrace(OpenTelemetry telemetry) {
        this.tracer = telemetry.getTracer("io.tidemark.relay");
    }

    static PublishTrace global() {
        return new OpenTelemetryTrace(GlobalOpenTelemetry.get());
    }

    @Override
    public void begin() {
        open.clear(); // a span that never ends is never exported
    }

    @Override
    public void sent(@Nullable String traceparent, @Nullable String tracestate, String topic, @Nullable String id) {
        if (traceparent == null) {
            return;
        }
        try {
            start(traceparent, tracestate, topic, id);
        } catch (RuntimeException e) {
            warn(e);
        }
    }

    private void start(String traceparent, @Nullable String tracestate, String topic, @Nullable String id) {
        Map<String, String> carrier = tracestate == null
                ? Map.of("traceparent", traceparent)
                : Map.of("traceparent", traceparent, "tracestate", tracestate);
        Context parent = W3CTraceContextPropagator.getInstance().extract(Context.root(), carrier, GETTER);
        SpanContext writer = Span.fromContext(parent).getSpanContext();
        if (!writer.isValid() || !writer.isSampled()) {
            return;
        }
        Span span = tracer.spanBuilder("send " + topic)
                .setParent(parent)
                .setSpanKind(SpanKind.PRODUCER)
                .setAttribute("messaging.system", "kafka")
                .setAttribute("messaging.operation.type", "send")
                .setAttribute("messaging.operation.name", "send")
                .setAttribute("messaging.destination.name", topic)
                .startSpan();
        if (id != null) {
            span.setAttribute("messaging.message.id", id);
        }
        open.add(span);
    }

    @Override
    public void committed() {
        Instant now = Instant.now();
        try {
            open.forEach(span -> span.end(now));
        } catch (RuntimeException e) {
            warn(e);
        }
        open.clear();
    }

    /** A processor or an exporter may throw. Then a span is lost, and events are still published. */
    private void warn(RuntimeException failure) {
        if (!hasFailed) {
            LOG.warn(
                    "event=tracing-failed effect=\"spans are missing\" fix=\"check the OpenTelemetry configuration\"",
                    failure);
        }
        hasFailed = true;
    }
}
