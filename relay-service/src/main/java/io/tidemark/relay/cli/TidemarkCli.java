// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli;

import io.tidemark.relay.client.CannotAsk;
import io.tidemark.relay.config.ConfigurationProblem;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.reason.Reason;
import io.tidemark.relay.source.SourceNotReady;
import java.net.BindException;
import java.sql.SQLException;
import org.apache.kafka.common.KafkaException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The relay's commands. */
@Command(
        name = "tidemark",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Transactional outbox relay from Postgres to Kafka, with watermarks.",
        footer = {
            "",
            "Exit codes: 0 fine, 1 findings or failure, 2 could not run, 3 timeout.",
            "",
            "Commands that start their own Postgres and Kafka, for a first look and for development:",
            "  demo   shows what Tidemark does, step by step",
            "  stack  runs only the two servers",
            "  bench  measures how fast a relay is on this machine"
        },
        subcommands = {
            RunCommand.class,
            CheckCommand.class,
            InitCommand.class,
            StatusCommand.class,
            WaitCommand.class,
            ExplainCommand.class,
            SlotCommand.class,
            AdoptCommand.class,
            DeadLettersCommand.class,
            ReplayCommand.class,
            AuditCommand.class,
            TokenCommand.class,
            VersionCommand.class,
            HelpCommand.class
        })
public final class TidemarkCli implements Runnable {

    static final int FINE = 0;
    static final int FAILED = 1;
    static final int COULD_NOT_RUN = 2;
    static final int TIMED_OUT = 3;

    private static final int HELP_WIDTH = 110;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    private TidemarkCli() {}

    public static void main(String[] args) {
        System.exit(execute(args));
    }

    /** Runs a command in this process and returns its exit code. */
    public static int execute(String... args) {
        return commandLine().execute(args);
    }

    static CommandLine commandLine() {
        CommandLine commandLine = new CommandLine(new TidemarkCli())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpWidth(HELP_WIDTH)
                .setExecutionExceptionHandler(TidemarkCli::report);
        commandLine.getSubcommands().values().forEach(TidemarkCli::addHelp);
        return commandLine;
    }

    /** Every command and subcommand prints its help with {@code --help} and exits with 0. */
    public static void addHelp(CommandLine command) {
        if (!(command.getCommand() instanceof HelpCommand)) {
            command.getCommandSpec()
                    .addOption(OptionSpec.builder("-h", "--help")
                            .usageHelp(true)
                            .description("Show this help message and exit.")
                            .build());
        }
        command.getSubcommands().values().forEach(TidemarkCli::addHelp);
    }

    /** An error that a user can correct is one sentence. Anything else is a bug, and its stack trace is printed. */
    private static int report(Exception failure, CommandLine command, CommandLine.ParseResult arguments) {
        if (failure instanceof ConfigurationProblem
                || failure instanceof SourceNotReady
                || failure instanceof PublishFailure
                || failure instanceof CannotAsk) {
            command.getErr().println("tidemark: " + failure.getMessage());
        } else if (rootOf(failure) instanceof BindException) {
            command.getErr()
                    .println("tidemark: a port is taken: " + failure.getMessage()
                            + "; stop what listens on it, or set server.applicationConnectors and adminConnectors");
        } else if (failure instanceof KafkaException) {
            command.getErr().println("tidemark: " + PublishFailure.of(failure).getMessage());
        } else if (failure instanceof SQLException sql) {
            command.getErr().println("tidemark: postgres: " + Reason.of(sql));
        } else {
            failure.printStackTrace(command.getErr());
        }
        return COULD_NOT_RUN;
    }

    private static Throwable rootOf(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }
}
