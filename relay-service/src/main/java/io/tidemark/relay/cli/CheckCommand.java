// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dropwizard.logging.common.BootstrapLogging;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.file.ConfigurationFile;
import io.tidemark.relay.preflight.Preflight;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tidemark check CONFIG}: finds the problems that would stop {@code run}. */
@Command(
        name = "check",
        description = {
            "Looks in the database and in Kafka for problems that would stop a relay, and prints how to fix each one."
                    + " Changes nothing. Can run beside a relay.",
            "Exit code: 0 no findings, 1 findings, 2 could not run."
        })
final class CheckCommand implements Callable<Integer> {

    @Parameters(paramLabel = "CONFIG", description = "The YAML file.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path file;

    @Option(names = "--json", description = "Print one JSON object: {\"ok\": […], \"findings\": […]}.")
    private boolean json;

    @Override
    public Integer call() throws InterruptedException {
        BootstrapLogging.bootstrap();
        RelayConfiguration config = ConfigurationFile.read(file);
        Preflight found = Preflight.of(config);
        List<String> ok = new ArrayList<>(List.of("configuration " + file));
        ok.addAll(found.ok());
        if (json) {
            ObjectNode report = JsonNodeFactory.instance.objectNode();
            ArrayNode fine = report.putArray("ok");
            ok.forEach(fine::add);
            ArrayNode findings = report.putArray("findings");
            found.findings().forEach(findings::add);
            System.out.println(report);
        } else {
            ok.forEach(what -> System.out.println("ok       " + what));
            found.findings().forEach(what -> System.out.println("FINDING  " + what));
        }
        return found.findings().isEmpty() ? TidemarkCli.FINE : TidemarkCli.FAILED;
    }
}
