// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli;

import io.tidemark.relay.cli.text.StatusText;
import io.tidemark.relay.client.RelayStatus;
import io.tidemark.relay.client.RelayStatus.Condition;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tidemark status}. */
@Command(
        name = "status",
        description = {
            "Asks running relays which of them is active and why others do not run. Prints slot and projections.",
            "Exit code: 0 fine, 1 a condition of --fail-on holds, 2 no relay answered."
        })
final class StatusCommand implements Callable<Integer> {

    @Mixin
    private final RelayOptions relays = new RelayOptions();

    @Option(
            names = "--json",
            description = "Print one JSON object: {\"replicas\": …, \"projections\": …, \"findings\": …}.")
    private boolean json;

    @Option(
            names = "--fail-on",
            split = ",",
            paramLabel = "CONDITION",
            description = {
                "Exit with 1 if one of these conditions holds (separated by commas):",
                "inactive: none of the replicas asked is active;",
                "lagging: a projection is lagging or rebuilding;",
                "stalled: a projection is stalled, stopped or unknown;",
                "unaccounted: rows past their retention are kept, because not all of them are in Kafka."
            })
    private Set<Condition> failOn = EnumSet.noneOf(Condition.class);

    @Override
    public Integer call() throws Exception {
        RelayStatus status = RelayStatus.ask(relays.client(), relays.urls());
        List<String> findings = status.findings(failOn);
        System.out.println(json ? StatusText.json(status, findings) : StatusText.table(status, findings));
        if (!status.isKnown()) {
            System.err.println("tidemark: no relay answered; set the addresses of the relays with --url");
            return TidemarkCli.COULD_NOT_RUN;
        }
        return findings.isEmpty() ? TidemarkCli.FINE : TidemarkCli.FAILED;
    }
}
