// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.bench;

import io.tidemark.quickstart.measure.Quantiles;
import io.tidemark.quickstart.relay.RelaySite;
import java.util.Locale;
import java.util.OptionalDouble;

/** A report for people. */
final class ReportText {

    private static final double MEBIBYTE = 1 << 20;

    private final StringBuilder text = new StringBuilder();

    private ReportText() {}

    static String of(Report report) {
        ReportText text = new ReportText();
        text.add("Results for this machine only: servers, relay, writers and readers share its cores.\n\n");
        text.where(report.machine(), report.settings());
        text.drain(report.drain());
        text.paced(report.paced(), report.settings());
        text.watermark(
                "watermark",
                report.busy().watermark(),
                String.format(Locale.ROOT, "%.0f events/s", report.busy().eventsPerSecond()));
        text.watermark("idle", report.idle(), "no events");
        report.peakResidentBytes()
                .ifPresent(bytes -> text.add("relay      at most %.0f MiB resident%n", bytes / MEBIBYTE));
        Tally.Counts counts = report.counts();
        text.add(
                "events     written %d, missing %d, duplicated %d, out of order %d%n",
                counts.written(), counts.missing(), counts.duplicated(), counts.outOfOrder());
        return text.text.toString();
    }

    private void add(String format, Object... arguments) {
        text.append(String.format(Locale.ROOT, format, arguments));
    }

    private void where(Machine machine, BenchSettings settings) {
        add("machine    %d cores", machine.cores());
        machine.load().ifPresent(load -> add(" (load %.1f at the start)", load));
        add(", %s, JDK %s, data on %s%n", machine.os(), machine.java(), machine.fileSystem());
        add(
                "versions   tidemark %s, Postgres %s, Kafka %s; one broker, %d partitions; relay with %s%n",
                machine.tidemark(), machine.postgres(), machine.kafka(), RelaySite.PARTITIONS, machine.relayJvm());
        add("payload    %d bytes; one event per transaction%n%n", settings.payloadBytes());
    }

    private void drain(Report.Drain drain) {
        if (drain.eventsPerSecond().isEmpty()) {
            add("drain      too few events for a rate%n");
        } else {
            add("drain      %.0f events/s", drain.eventsPerSecond().getAsDouble());
            OptionalDouble half = drain.secondHalfEventsPerSecond();
            half.ifPresent(rate -> add(", %.0f events/s in the second half", rate));
            add("%n");
        }
        add(
                "           %d events were waiting; %.1f s from the start of the relay to the last event",
                drain.events(), drain.secondsFromStart());
        drain.cpuSeconds().ifPresent(seconds -> add(", %.1f s of CPU time", seconds));
        add("%n");
    }

    private void paced(Report.Paced paced, BenchSettings settings) {
        add("paced      %s from commit to readable%n", text(paced.latency()));
        add(
                "           %d events at %.0f/s; the requested rate was %d/s%n",
                paced.events(), paced.eventsPerSecond(), settings.rate());
    }

    private void watermark(String name, Quantiles quantiles, String beside) {
        add("%-10s %s from commit to success%n", name, text(quantiles));
        add("           tokens: %d, with %s at the same time%n", quantiles.count(), beside);
    }

    private static String text(Quantiles quantiles) {
        return quantiles.count() == 0
                ? "no measurements"
                : String.format(
                        Locale.ROOT,
                        "p50 %.1f ms, p99 %.1f ms, max %.1f ms",
                        quantiles.p50Millis(),
                        quantiles.p99Millis(),
                        quantiles.maxMillis());
    }
}
