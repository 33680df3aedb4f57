package io.tidemark.relay.cli;

import io.tidemark.relay.config.ConfigurationProblem;
import io.tidemark.relay.source.SourceNotReady;
import java.net.BindException;
import java.sql.SQLException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
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
            "With servers of their own, for a first look and for development:",
            "  demo   the whole story on a real Postgres and a real Kafka",
            "  stack  just these two servers"
        },
        subcommands = {
            RunCommand.class,
            CheckCommand.class,
            InitCommand.class,
            SlotCommand.class,
            AdoptCommand.class,
            DeadLettersCommand.class,
            TokenCommand.class,
            VersionCommand.class,
            HelpCommand.class
        })
public final class TidemarkCli implements Runnable {

    static final int FINE = 0;
    static final int FAILED = 1;
    static final int COULD_NOT_RUN = 2;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    private TidemarkCli() {}

    public static void main(String[] args) {
        System.exit(execute(args));
    }

    /** Runs a command in this process and returns its exit code. */
    public static int execute(String... args) {
        return new CommandLine(new TidemarkCli())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler(TidemarkCli::report)
                .execute(args);
    }

    /** What a user can mend is one sentence; anything else is a bug, and its trace is what we need to see. */
    private static int report(Exception failure, CommandLine command, CommandLine.ParseResult arguments) {
        if (failure instanceof ConfigurationProblem || failure instanceof SourceNotReady) {
            command.getErr().println("tidemark: " + failure.getMessage());
        } else if (rootOf(failure) instanceof BindException) {
            command.getErr()
                    .println("tidemark: a port is taken: " + failure.getMessage()
                            + "; stop what listens on it, or set server.applicationConnectors and adminConnectors");
        } else if (failure instanceof SQLException sql) {
            command.getErr().println("tidemark: postgres: " + sql.getMessage());
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
