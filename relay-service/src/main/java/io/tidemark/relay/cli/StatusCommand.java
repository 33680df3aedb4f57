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
            "Asks running relays which of them is active, what halts the others, and how slot and projections stand.",
            "Exit code: 0 fine, 1 what --fail-on names was found, 2 no relay answered."
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
                "Exit with 1 when this holds; several joined by commas:",
                "inactive: none of the replicas asked is active;",
                "lagging: a projection is lagging or rebuilding;",
                "stalled: a projection is stalled, stopped or unknown;",
                "unaccounted: rows past their retention stay, because they are not all in Kafka."
            })
    private Set<Condition> failOn = EnumSet.noneOf(Condition.class);

    @Override
    public Integer call() throws Exception {
        RelayStatus status = RelayStatus.ask(relays.client(), relays.urls());
        List<String> findings = status.findings(failOn);
        System.out.println(json ? StatusText.json(status, findings) : StatusText.table(status, findings));
        if (!status.isKnown()) {
            System.err.println("tidemark: no relay answered; give their addresses with --url");
            return TidemarkCli.COULD_NOT_RUN;
        }
        return findings.isEmpty() ? TidemarkCli.FINE : TidemarkCli.FAILED;
    }
}
