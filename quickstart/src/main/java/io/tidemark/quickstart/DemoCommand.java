// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart;

import io.tidemark.quickstart.demo.Demo;
import io.tidemark.quickstart.stack.StopSignal;
import io.tidemark.relay.cli.OptionValues;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code tidemark demo}. */
@Command(
        name = "demo",
        description = "Shows Tidemark with a real Postgres and a real Kafka: a shop, the relay, a projection, and reads"
                + " with and without a token. Runs until Ctrl-C.")
final class DemoCommand implements Callable<Integer> {

    private static final int NOT_CLEAN = 1;

    @Option(
            names = "--once",
            description = "End after --events events, with a summary. Exit code 0 only if nothing was missing,"
                    + " repeated, out of order or stale.")
    private boolean once;

    @Option(
            names = "--events",
            converter = OptionValues.Count.class,
            description = "Number of events that --once writes. Default: ${DEFAULT-VALUE}")
    private int events = 1000;

    @Option(names = "--json", description = "Print the summary of --once as JSON, and nothing else.")
    private boolean json;

    @Option(names = "--dir", description = "Directory of the data. Default: ${DEFAULT-VALUE}")
    private Path dir = Path.of(".tidemark", "demo");

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        if (events < 1) {
            throw new ParameterException(spec.commandLine(), "--events is " + events + "; it must be 1 or more");
        }
        PrintStream out = new PrintStream(json ? System.err : System.out, true, StandardCharsets.UTF_8);
        try (StopSignal stop = StopSignal.install()) {
            Demo demo = new Demo(dir, out);
            if (!once) {
                demo.untilStopped(stop);
                return 0;
            }
            System.out.println(demo.once(events, json, stop).strip());
            return 0;
        } catch (Demo.NotClean e) {
            System.out.println(String.valueOf(e.getMessage()).strip());
            return NOT_CLEAN;
        }
    }
}
