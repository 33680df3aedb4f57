// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.cli.TidemarkCli;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A command of the launcher, run in this JVM, because a separate process takes seconds to start. {@code CommandLineIT}
 * and {@code RelayCommandsIT} run commands as users do.
 *
 * @param output its standard output and error
 */
public record CommandRun(int exitCode, String output) {

    private static final Pattern PROPOSAL = Pattern.compile("continue +tidemark adopt --at (\\S+)");

    private static final Pattern ADVICE = Pattern.compile("tidemark adopt --at (\\S+) CONFIG");

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

    /**
     * Leaves out the transaction at which the relay has halted, with the command that the reason names.
     *
     * @return its commit LSN
     */
    public static Lsn adoptAsAdvised(String reason, String config) {
        Matcher advice = ADVICE.matcher(reason);
        if (!advice.find()) {
            throw new AssertionError("the reason names no adopt --at: " + reason);
        }
        CommandRun adopted = of("adopt", "--at", advice.group(1), config);
        if (adopted.exitCode() != 0) {
            throw new AssertionError(adopted.output());
        }
        return Lsn.parse(advice.group(1));
    }

    /** The LSN at which {@code tidemark adopt CONFIG} proposes to continue. */
    public String proposedLsn() {
        Matcher proposal = PROPOSAL.matcher(output);
        if (!proposal.find()) {
            throw new AssertionError("adopt proposes nothing: " + output);
        }
        return proposal.group(1);
    }
}
