package io.tidemark.relay.trace;

import org.jspecify.annotations.Nullable;

/** Told what becomes of each event; see {@link #detect}. One thread. */
public interface PublishTrace {

    /** Traces nothing. */
    PublishTrace NONE = new PublishTrace() {
        @Override
        public void begin() {}

        @Override
        public void sent(
                @Nullable String traceparent, @Nullable String tracestate, String topic, @Nullable String id) {}

        @Override
        public void committed() {}
    };

    /** A Kafka transaction was begun; what was sent and not committed before is sent again, or never was. */
    void begin();

    /**
     * An event was handed to Kafka.
     *
     * @param traceparent as the writer left it, whatever it is; null when it left none
     * @param tracestate the same
     * @param id of the event; null for a dead letter that has none
     */
    void sent(@Nullable String traceparent, @Nullable String tracestate, String topic, @Nullable String id);

    /** What was sent is committed, and can be read. */
    void committed();

    /** Spans by the global OpenTelemetry when its API is on the class path, else {@link #NONE}. */
    static PublishTrace detect() {
        return detect(PublishTrace.class.getClassLoader());
    }

    /** The same by another class path. */
    static PublishTrace detect(ClassLoader classPath) {
        try {
            Class.forName("io.opentelemetry.api.GlobalOpenTelemetry", false, classPath);
        } catch (ClassNotFoundException e) {
            return NONE;
        }
        return OpenTelemetryTrace.global();
    }
}
