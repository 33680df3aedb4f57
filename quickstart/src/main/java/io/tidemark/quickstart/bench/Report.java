// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.quickstart.measure.Quantiles;
import io.tidemark.quickstart.relay.RelaySite;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * The results of a bench.
 *
 * @param busy the watermark while others write
 * @param idle the watermark without events
 * @param peakResidentBytes maximum resident memory of the relay, if the system reports it
 */
public record Report(
        Machine machine,
        BenchSettings settings,
        Drain drain,
        Paced paced,
        Busy busy,
        Quantiles idle,
        OptionalLong peakResidentBytes,
        Tally.Counts counts) {

    /**
     * The events that waited for the relay.
     *
     * @param secondsFromStart from the start of the relay's process to the last event
     * @param cpuSeconds CPU time of the relay until then, including its start; empty if the system does not report it
     */
    record Drain(
            int events,
            double seconds,
            OptionalDouble eventsPerSecond,
            OptionalDouble secondHalfEventsPerSecond,
            double secondsFromStart,
            OptionalDouble cpuSeconds) {}

    /** The events that were written at a rate, and the time from commit to readable. */
    record Paced(int events, double eventsPerSecond, Quantiles latency) {}

    /** The watermark while others write, and their rate. */
    record Busy(double eventsPerSecond, Quantiles watermark) {}

    /** Whether no event was missing, repeated or out of order. */
    public boolean isClean() {
        return counts.isClean();
    }

    /** One JSON object, without fields that are not known. */
    public String toJson() {
        ObjectNode json = new ObjectMapper().createObjectNode();
        ObjectNode where = json.putObject("machine").put("cores", machine.cores());
        machine.load().ifPresent(load -> where.put("load", load));
        where.put("os", machine.os())
                .put("java", machine.java())
                .put("fileSystem", machine.fileSystem())
                .put("relayJvm", machine.relayJvm());
        json.putObject("versions")
                .put("tidemark", machine.tidemark())
                .put("postgres", machine.postgres())
                .put("kafka", machine.kafka());
        json.putObject("settings")
                .put("events", settings.events())
                .put("payloadBytes", settings.payloadBytes())
                .put("ratePerSecond", settings.rate())
                .put("durationSeconds", settings.duration().toMillis() / 1000.0)
                .put("partitions", RelaySite.PARTITIONS);
        ObjectNode drained = json.putObject("drain").put("events", drain.events());
        drain.eventsPerSecond().ifPresent(rate -> drained.put("eventsPerSecond", Math.round(rate)));
        drain.secondHalfEventsPerSecond().ifPresent(rate -> drained.put("secondHalfEventsPerSecond", Math.round(rate)));
        drained.put("seconds", rounded(drain.seconds())).put("secondsFromStart", rounded(drain.secondsFromStart()));
        drain.cpuSeconds().ifPresent(seconds -> drained.put("relayCpuSeconds", rounded(seconds)));
        put(
                json.putObject("paced")
                        .put("events", paced.events())
                        .put("eventsPerSecond", Math.round(paced.eventsPerSecond())),
                paced.latency());
        put(
                json.putObject("watermark")
                        .put("tokens", busy.watermark().count())
                        .put("eventsPerSecond", Math.round(busy.eventsPerSecond())),
                busy.watermark());
        put(json.putObject("idleWatermark").put("tokens", idle.count()), idle);
        peakResidentBytes.ifPresent(bytes -> json.put("relayPeakResidentBytes", bytes));
        return json.put("written", counts.written())
                .put("missing", counts.missing())
                .put("duplicated", counts.duplicated())
                .put("outOfOrder", counts.outOfOrder())
                .toString();
    }

    private static void put(ObjectNode json, Quantiles quantiles) {
        if (quantiles.count() > 0) {
            json.put("p50Millis", quantiles.p50Millis())
                    .put("p99Millis", quantiles.p99Millis())
                    .put("maxMillis", quantiles.maxMillis());
        }
    }

    private static double rounded(double seconds) {
        return Math.round(seconds * 100) / 100.0;
    }

    public String toText() {
        return ReportText.of(this);
    }
}
