// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import io.tidemark.relay.cli.TidemarkCli;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * A command of the launcher, run in this JVM, because a separate process takes seconds to start. {@code CommandLineIT}
 * and {@code RelayCommandsIT} run commands as users do.
 *
 * @param output its standard output and error
 */
public record CommandRun(int exitCode, String output) {

    /** Runs it. One at a time: while it runs, everything that this JVM prints counts as its output. */
    public static synchronized CommandRun of(String... arguments) {
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (PrintStream taken = new PrintStream(printed, true, StandardCharsets.UTF_8)) {
            System.setOut(taken);
            System.setErr(taken);
            int exitCode = TidemarkCli.execute(arguments);
            taken.flush();
            return new CommandRun(exitCode, printed.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
    }
}
