// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli;

import io.dropwizard.logging.common.BootstrapLogging;
import io.tidemark.relay.audit.Audit;
import io.tidemark.relay.audit.AuditProblem;
import io.tidemark.relay.audit.AuditReport;
import io.tidemark.relay.cli.text.AuditText;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.file.ConfigurationFile;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tidemark audit CONFIG}. */
@Command(
        name = "audit",
        description = {
            "Compares each row of the outbox with the records in Kafka. Lists the rows that are missing, repeated or"
                    + " altered. Settles the days of outbox.event whose rows are all accounted for: cleanup may delete"
                    + " them.",
            "Exit code: 0 every row is accounted for, 1 findings, 2 could not run."
        })
final class AuditCommand implements Callable<Integer> {

    @Parameters(paramLabel = "CONFIG", description = "The relay's YAML file.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path file;

    @Option(
            names = "--since",
            paramLabel = "DAY",
            description = "First day to compare (UTC, by created_at), for example 2026-11-25. Default: all days.")
    private @Nullable LocalDate since;

    @Option(
            names = "--release",
            paramLabel = "DAY",
            description = "Give up the missing rows of this day. They count as accounted for, and cleanup may delete"
                    + " them. Repeat the option for several days.")
    private Set<LocalDate> release = new TreeSet<>();

    @Option(names = "--json", description = "Print one JSON object instead.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        BootstrapLogging.bootstrap();
        RelayConfiguration config = ConfigurationFile.read(file);
        if (!config.outbox().isOwn() && !release.isEmpty()) {
            System.err.println("tidemark: --release allows cleanup to delete rows of outbox.event, and "
                    + config.outbox().table() + " is a table of your own, whose rows only you delete; leave --release"
                    + " out");
            return TidemarkCli.COULD_NOT_RUN;
        }
        try {
            AuditReport report = new Audit(config, since == null ? LocalDate.EPOCH : since).run(release);
            System.out.println(json ? AuditText.json(report) : AuditText.text(report));
            return report.isClean() ? TidemarkCli.FINE : TidemarkCli.FAILED;
        } catch (AuditProblem e) {
            System.err.println("tidemark: " + e.getMessage());
            return TidemarkCli.COULD_NOT_RUN;
        }
    }
}
