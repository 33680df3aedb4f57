// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart;

import io.tidemark.quickstart.stack.StackException;
import io.tidemark.relay.cli.TidemarkCli;
import java.sql.SQLException;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Entry point of the commands that start their own servers. All others belong to the relay's command line. */
@Command(
        name = "tidemark",
        mixinStandardHelpOptions = true,
        subcommands = {DemoCommand.class, StackCommand.class, BenchCommand.class})
public final class Quickstart {

    private static final int COULD_NOT_RUN = 2;

    private Quickstart() {}

    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        CommandLine commandLine = new CommandLine(new Quickstart()).setExecutionExceptionHandler(Quickstart::report);
        commandLine.getSubcommands().values().forEach(TidemarkCli::addHelp);
        return commandLine;
    }

    private static int report(Exception failure, CommandLine command, CommandLine.ParseResult arguments) {
        if (failure instanceof StackException) {
            System.err.println("tidemark: " + failure.getMessage());
        } else if (failure instanceof SQLException sql) {
            System.err.println("tidemark: postgres: " + sql.getMessage());
        } else {
            failure.printStackTrace();
        }
        return COULD_NOT_RUN;
    }
}
