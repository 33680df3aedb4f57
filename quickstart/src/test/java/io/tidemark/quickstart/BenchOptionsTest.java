// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** Errors on the command line are reported before anything is started. */
class BenchOptionsTest {

    private record Result(int exitCode, String output) {}

    private static Result bench(String... options) {
        StringWriter output = new StringWriter();
        CommandLine commandLine = Quickstart.commandLine();
        commandLine.setOut(new PrintWriter(output)).setErr(new PrintWriter(output));
        String[] arguments = new String[options.length + 1];
        arguments[0] = "bench";
        System.arraycopy(options, 0, arguments, 1, options.length);
        return new Result(commandLine.execute(arguments), output.toString());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--events=many      | '--events'   | 'many' is not a whole number  | for example 1000",
                "--events=0         | --events is 0 | it must be from              | 1 to 10000000",
                "--payload=big      | '--payload'  | 'big' is not a size           | for example 500B or 4KiB",
                "--payload=3B       | --payload is 3 | it must be from             | 16 to 524288",
                "--payload=1GiB     | --payload is 1073741824 | it must be from    | 16 to 524288",
                "--rate=-5          | --rate is -5 | it must be from               | 1 to 100000",
                "--duration=20      | '--duration' | '20' is not a duration        | 10s or 5m",
                "--duration=5ms     | --duration is 5 ms | it must be from 1s to 10m | for example 20s",
                "--dir=/nowhere/at  | --dir is /nowhere/at | must be an existing directory | write permission",
                "--evnets=5         | Unknown option | '--evnets=5'               | --events",
            })
    void namesTheOptionTheProblemAndTheFix(String argument, String option, String problem, String fix) {
        Result result = bench(argument.strip());

        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.output()).contains(option, problem, fix).doesNotContain("\tat ");
    }

    @Test
    void limitsTheNumberOfPacedEvents() {
        Result result = bench("--rate=100000", "--duration=1m");

        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.output()).contains("6000000 events", "the maximum is 2000000");
    }

    @Test
    void printsItsHelp() {
        Result result = bench("--help");

        assertThat(result.exitCode()).isZero();
        assertThat(result.output()).contains("Usage: tidemark bench", "--payload=SIZE", "Exit code: 0 no such event");
    }
}
