// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.trace;

import org.jspecify.annotations.Nullable;

/** Receives the fate of each event; see {@link #detect}. One thread. */
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

    /** A Kafka transaction was begun. Events sent but not committed before are sent again, or are dropped. */
    void begin();

    /**
     * An event was handed to Kafka.
     *
     * @param traceparent unchanged from the writer, possibly invalid; null if it set none
     * @param tracestate the same
     * @param id the event's id; null for a dead letter without one
     */
    void sent(@Nullable String traceparent, @Nullable String tracestate, String topic, @Nullable String id);

    /** The events sent since {@link #begin} are committed, and can be read. */
    void committed();

    /** Uses the global OpenTelemetry if its API is on the class path, otherwise {@link #NONE}. */
    static PublishTrace detect() {
        return detect(PublishTrace.class.getClassLoader());
    }

    /** The same for the class path of that class loader. */
    static PublishTrace detect(ClassLoader classPath) {
        try {
            Class.forName("io.opentelemetry.api.GlobalOpenTelemetry", false, classPath);
        } catch (ClassNotFoundException e) {
            return NONE;
        }
        return OpenTelemetryTrace.global();
    }
}
