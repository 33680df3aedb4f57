// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.dropwizard.logging.common.BootstrapLogging;
import io.tidemark.outbox.Lsn;
import io.tidemark.relay.adopt.Adoption;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.file.ConfigurationFile;
import io.tidemark.relay.preflight.StartFindings;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.check.SourceInstallation;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tidemark adopt CONFIG}: the deliberate decision that lets a halted relay continue. */
@Command(
        name = "adopt",
        description = {
            "Lets a halted relay continue, although events may be missing or repeated.",
            "Without --at it changes nothing. It prints what it found, what may be lost, and the command to continue.",
            "Exit code: 0 adopted, 1 only printed what was found, 2 could not run."
        })
final class AdoptCommand implements Callable<Integer> {

    @Parameters(paramLabel = "CONFIG", description = "The YAML file.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path file;

    @Option(
            names = "--at",
            paramLabel = "LSN",
            converter = OptionValues.LsnText.class,
            description = "Continue at this LSN. Every commit at or below it counts as published.")
    private @Nullable Lsn at;

    @Option(names = "--json", description = "Print one JSON object instead.")
    private boolean json;

    @Option(
            names = "--user",
            description = "The administrator that creates a new slot, if one is needed. Default: postgres.user.")
    private @Nullable String user;

    @Option(names = "--password-file", description = "File with the administrator's password.")
    private @Nullable String passwordFile;

    @Override
    public Integer call() throws Exception {
        BootstrapLogging.bootstrap();
        RelayConfiguration config = ConfigurationFile.read(file);
        try (Adoption adoption = Adoption.of(config)) {
            return at == null ? explain(adoption.look()) : adopt(adoption, config, at);
        }
    }

    private int explain(StartFindings findings) {
        if (json) {
            Lsn at = findings.proposal();
            System.out.println(JsonNodeFactory.instance
                    .objectNode()
                    .put("found", findings.halt().orElse(null))
                    .put("at", at.toString())
                    .put("consequences", findings.consequences(at))
                    .put("needsNewSlot", findings.needsNewSlot()));
            return TidemarkCli.FAILED;
        }
        if (findings.halt().isEmpty()) {
            System.out.println("Found nothing that halts the relay before its stream begins. If it has halted at a"
                    + " transaction that cannot be published, continue at the LSN that its reason names.");
        } else {
            System.out.println("found    " + findings.halt().get());
        }
        Lsn proposal = findings.proposal();
        System.out.println("at       " + proposal + ": " + findings.consequences(proposal));
        System.out.println("continue tidemark adopt --at " + proposal + " " + file
                + (findings.needsNewSlot() ? " --user ADMIN --password-file FILE" : ""));
        return TidemarkCli.FAILED;
    }

    private int adopt(Adoption adoption, RelayConfiguration config, Lsn lsn) throws Exception {
        PostgresConfig postgres = config.postgres();
        PostgresConfig administrator = user == null ? postgres : postgres.as(user, passwordFile);
        String consequences = adoption.look().consequences(lsn);
        try (Connection session = new SourceDatabase(administrator).connect("adopt")) {
            Lsn continueAt = adoption.adopt(lsn, new SourceInstallation(administrator, config.outbox()), session);
            if (json) {
                System.out.println(JsonNodeFactory.instance
                        .objectNode()
                        .put("continuesAt", continueAt.toString())
                        .put("consequences", consequences));
                return TidemarkCli.FINE;
            }
            System.out.println("adopted  " + consequences);
            System.out.println("The source continues at " + continueAt
                    + ". A halted relay continues within half a minute; other relays read this when they start.");
        }
        return TidemarkCli.FINE;
    }
}
