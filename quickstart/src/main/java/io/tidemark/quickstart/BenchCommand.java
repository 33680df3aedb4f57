// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart;

import io.tidemark.quickstart.bench.Bench;
import io.tidemark.quickstart.bench.BenchSettings;
import io.tidemark.quickstart.bench.Report;
import io.tidemark.quickstart.stack.StopSignal;
import io.tidemark.relay.cli.OptionValues;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code tidemark bench}. */
@Command(
        name = "bench",
        description = {
            "Measures a relay on this machine, with a real Postgres and a real Kafka: how fast it drains waiting"
                    + " events,"
                    + " how long after its commit an event can be read, and how long a watermark takes. Checks that no"
                    + " event is missing, repeated or out of order.",
            "Exit code: 0 no such event, 1 some events, 2 could not measure."
        })
final class BenchCommand implements Callable<Integer> {

    private static final int NOT_CLEAN = 1;

    @Option(
            names = "--events",
            paramLabel = "N",
            defaultValue = "100000",
            converter = OptionValues.Count.class,
            description = "Number of events that wait when the relay starts. Default: ${DEFAULT-VALUE}")
    private int events;

    @Option(
            names = "--payload",
            paramLabel = "SIZE",
            defaultValue = "500B",
            converter = OptionValues.Size.class,
            description = "Payload size of every event, for example 500B or 4KiB. Default: ${DEFAULT-VALUE}")
    private long payloadBytes;

    @Option(
            names = "--rate",
            paramLabel = "EVENTS",
            defaultValue = "500",
            converter = OptionValues.Count.class,
            description = "Number of events per second that are written afterwards. Default: ${DEFAULT-VALUE}")
    private int rate;

    @Option(
            names = "--duration",
            paramLabel = "DURATION",
            defaultValue = "20s",
            converter = OptionValues.Length.class,
            description = {
                "Duration of each of the three later parts: writing at the rate, the same with watermarks, and"
                        + " watermarks of an idle database.",
                "Default: ${DEFAULT-VALUE}"
            })
    private Duration duration = Duration.ZERO;

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            description = {
                "Parent of the data directory, which is deleted at the end. The results depend on its disk.",
                "Default: the system's directory for temporary files"
            })
    private Path dir = Path.of(System.getProperty("java.io.tmpdir"));

    @Option(names = "--json", description = "Print the result as one JSON object, and nothing else.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        BenchSettings settings = settings();
        PrintStream out = new PrintStream(json ? System.err : System.out, true, StandardCharsets.UTF_8);
        try (StopSignal stop = StopSignal.install()) {
            Report report = new Bench(settings, stop, out).run();
            System.out.println((json ? report.toJson() : "\n" + report.toText()).stripTrailing());
            return report.isClean() ? 0 : NOT_CLEAN;
        }
    }

    private BenchSettings settings() {
        requireBetween("--events", events, 1, BenchSettings.MOST_EVENTS);
        requireBetween("--payload", payloadBytes, BenchSettings.LEAST_PAYLOAD_BYTES, BenchSettings.MOST_PAYLOAD_BYTES);
        requireBetween("--rate", rate, 1, BenchSettings.MOST_RATE);
        if (duration.compareTo(BenchSettings.LEAST_DURATION) < 0
                || duration.compareTo(BenchSettings.MOST_DURATION) > 0) {
            throw bad("--duration is " + duration.toMillis() + " ms; it must be from "
                    + BenchSettings.LEAST_DURATION.toSeconds() + "s to "
                    + BenchSettings.MOST_DURATION.toMinutes() + "m, for example 20s");
        }
        long paced = BenchSettings.pacedEvents(rate, duration);
        if (paced > BenchSettings.MOST_PACED_EVENTS) {
            throw bad("--rate " + rate + " for a --duration of " + duration.toSeconds() + " s is " + paced
                    + " events; the maximum is " + BenchSettings.MOST_PACED_EVENTS + ", so reduce one of them");
        }
        if (!Files.isDirectory(dir) || !Files.isWritable(dir)) {
            throw bad("--dir is " + dir + "; it must be an existing directory with write permission");
        }
        return new BenchSettings(events, (int) payloadBytes, rate, duration, dir);
    }

    private void requireBetween(String option, long value, long least, long most) {
        if (value < least || value > most) {
            throw bad(option + " is " + value + "; it must be from " + least + " to " + most);
        }
    }

    private ParameterException bad(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
