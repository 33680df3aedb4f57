// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.ArgSpec;

/** Help and error messages of every command. No test here runs the work of a command. */
class TidemarkCliTest {

    private record Result(int exitCode, String output) {}

    private static Result run(String... arguments) {
        StringWriter output = new StringWriter();
        CommandLine commandLine =
                TidemarkCli.commandLine().setOut(new PrintWriter(output, true)).setErr(new PrintWriter(output, true));
        return new Result(commandLine.execute(arguments), output.toString());
    }

    private static Stream<CommandLine> commands() {
        List<CommandLine> commands = new ArrayList<>();
        collect(TidemarkCli.commandLine(), commands);
        return commands.stream();
    }

    private static void collect(CommandLine command, List<CommandLine> into) {
        if (!(command.getCommand() instanceof HelpCommand)) {
            into.add(command);
            command.getSubcommands().values().forEach(subcommand -> collect(subcommand, into));
        }
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandPrintsItsHelp(CommandLine command) {
        String[] path = command.getCommandSpec().qualifiedName().split(" ");
        List<String> arguments = new ArrayList<>(Arrays.asList(path).subList(1, path.length));
        arguments.add("--help");

        Result result = run(arguments.toArray(String[]::new));

        assertThat(result.exitCode()).isZero();
        assertThat(result.output())
                .contains("Usage: " + command.getCommandSpec().qualifiedName());
        assertThat(command.getCommandSpec().usageMessage().description()).isNotEmpty();
        for (ArgSpec argument : command.getCommandSpec().args()) {
            assertThat(argument.description()).as("%s of %s", argument, path).isNotEmpty();
        }
    }

    @Test
    void rootHelpNamesTheCommandsAndTheExitCodes() {
        assertThat(run("--help").output())
                .contains("status", "wait", "explain", "demo", "2 could not run", "3 timeout");
    }

    @Test
    void everyCommandThatPrintsHasJson() {
        assertThat(commands())
                .filteredOn(command -> command.getSubcommands().isEmpty())
                .filteredOn(command -> !command.getCommandName().equals("run"))
                .allSatisfy(command -> assertThat(command.getCommandSpec().findOption("--json"))
                        .as(command.getCommandSpec().qualifiedName())
                        .isNotNull());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        status --urll http://a                          | Possible solutions: --url
        status --url localhost                          | '--url' (URL): 'localhost' is not the address of a relay; write it as http://
        status --url ftp://a                            | 'ftp://a' is not the address of a relay
        status --fail-on broken                         | expected one of [INACTIVE, LAGGING, STALLED, UNACCOUNTED]
        wait --token tm1.7f3a9c21.1.0000000000000001    | Missing required option: '--projection=NAME'
        wait --projection p                             | Missing required argument (specify one of these)
        wait --projection p --token now --max-staleness 5s | are mutually exclusive
        wait --projection p --max-staleness soon        | '--max-staleness': 'soon' is not a duration
        wait --projection p --token abc                 | '--token': malformed token
        wait --projection p --token tm1.7f3a9c21.1.0000000000000001 --timeout soon | '--timeout': 'soon' is not a duration; write
        wait --projection p --token tm1.7f3a9c21.1.0000000000000001 --timeout 5    | '5' is not a duration
        wait --projection p --token tm1.7f3a9c21.1.0000000000000001 --timeout 999d | '999d' is not a duration
        explain                                         | Missing required parameter: 'TOKEN
        explain tmx                                     | malformed token
        explain abc                                     | is neither a token, which begins with tm1.
        slot                                            | Missing required subcommand
        adopt --at here relay.yml                       | '--at': not an LSN: 'here'
        slot drop relay.yml                             | Missing required option: '--yes=
        slot show --jsonn relay.yml                     | Unknown option: '--jsonn'
        replay relay.yml --id 1-1-1-1-1                 | '--id' (UUID): '1-1-1-1-1' is not an event's id
        replay relay.yml --from yesterday               | 'yesterday' is not an ISO 8601 time with its zone
        check                                           | Missing required parameter: 'CONFIG'
        """)
    void misuseNamesTheOptionTheProblemAndTheFix(String arguments, String message) {
        Result result = run(arguments.split(" +"));

        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.output()).contains(message).doesNotContain("\tat ");
    }

    @Test
    void reportsAnUnreadableTokenFileInOneSentence() {
        Result missing = run("status", "--bearer-token-file", "/nowhere/token");
        Result ca = run("status", "--ca-file", "/nowhere/ca.pem");

        assertThat(missing.exitCode()).isEqualTo(2);
        assertThat(missing.output()).contains("--bearer-token-file /nowhere/token cannot be read: it does not exist");
        assertThat(ca.exitCode()).isEqualTo(2);
        assertThat(ca.output()).contains("--ca-file /nowhere/ca.pem cannot be used: it does not exist");
    }

    @Test
    void rejectsACertificateWithoutItsKey() {
        Result result = run("status", "--cert-file", "/nowhere/tls.crt");

        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.output()).contains("--cert-file and --key-file go together");
    }
}
