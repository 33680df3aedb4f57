// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dropwizard.logging.common.BootstrapLogging;
import io.tidemark.relay.backlog.Publication;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.file.ConfigurationFile;
import io.tidemark.relay.position.BacklogProgress;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.check.SourceInstallation;
import io.tidemark.relay.source.slot.ExistingRows;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tidemark init CONFIG}. */
@Command(
        name = "init",
        description = {
            "Creates the missing parts of the outbox, its publication and the replication slot.",
            "Exit code: 0 done, 1 done with findings (rows are older than the slot), 2 could not run."
        })
final class InitCommand implements Callable<Integer> {

    @Parameters(paramLabel = "CONFIG", description = "The YAML file.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path file;

    @Option(names = "--print-sql", description = "Only print the SQL that would create everything.")
    private boolean printSql;

    @Option(
            names = "--existing",
            paramLabel = "publish|ignore",
            description = "What to do with rows older than the slot, which the slot does not deliver: publish them now,"
                    + " before newer ones, or never publish them.")
    private @Nullable Existing existing;

    @Option(
            names = "--json",
            description = "Print one JSON object: {\"done\": […], \"findings\": […]}, or {\"sql\": […]}.")
    private boolean json;

    @Option(
            names = "--user",
            description = "The administrator that creates everything. It needs the right to create schemas, roles,"
                    + " publications and slots. Default: postgres.user.")
    private @Nullable String user;

    @Option(names = "--password-file", description = "File with the administrator's password.")
    private @Nullable String passwordFile;

    private final List<String> done = new ArrayList<>();
    private final List<String> findings = new ArrayList<>();

    /** The values of {@code --existing}. */
    enum Existing {
        PUBLISH,
        IGNORE
    }

    @Override
    public Integer call() throws Exception {
        BootstrapLogging.bootstrap();
        RelayConfiguration config = ConfigurationFile.read(file);
        PostgresConfig configured = config.postgres();
        PostgresConfig postgres = user == null ? configured : configured.as(user, passwordFile);
        SourceInstallation installation = new SourceInstallation(postgres, config.outbox());
        if (printSql) {
            print("sql", installation.script());
            return TidemarkCli.FINE;
        }
        SourceDatabase database = user == null
                ? new SourceDatabase(postgres)
                : new SourceDatabase(postgres, "--user and --password-file");
        try (Connection connection = database.connect("init")) {
            done.addAll(installation.install(connection));
            if (existing != null) {
                decide(config, connection, existing, rowsBeside(connection, postgres));
            }
            rowsBeside(connection, postgres).problem(config.outbox()).ifPresent(findings::add);
        }
        print("done", done);
        return findings.isEmpty() ? TidemarkCli.FINE : TidemarkCli.FAILED;
    }

    private static ExistingRows rowsBeside(Connection connection, PostgresConfig postgres) throws SQLException {
        return ExistingRows.read(connection, postgres.slot())
                .orElseThrow(() -> new IllegalStateException("init has recorded no slot " + postgres.slot()));
    }

    private void decide(RelayConfiguration config, Connection connection, Existing choice, ExistingRows rows)
            throws Exception {
        if (rows.count() == 0) {
            done.add("rows older than the slot: none; nothing to decide");
        } else if (rows.arePublished()) {
            done.add("rows older than the slot: " + rows.count() + ", published already");
        } else if (rows.isLeftOut()) {
            leftOutBefore(choice, rows);
        } else if (choice == Existing.PUBLISH) {
            publish(config, connection, rows);
        } else if (rows.decide(connection, ExistingRows.Decision.IGNORE)) {
            done.add("rows older than the slot: " + rows.count() + ", left out; they stay in the table"
                    + (config.outbox().isOwn()
                            ? " until you release their days: tidemark audit CONFIG --release DAY"
                            : ""));
        } else {
            findings.add("another init decided about the " + rows.count() + " rows older than the slot at the same"
                    + " time; nothing was changed; run it again to see the decision: tidemark init CONFIG");
        }
    }

    private void leftOutBefore(Existing choice, ExistingRows rows) {
        if (choice == Existing.IGNORE) {
            done.add("rows older than the slot: " + rows.count() + ", left out already");
            return;
        }
        findings.add("an earlier decision left out the " + rows.count() + " rows older than the slot, and newer events"
                + " may already be published; nothing was changed. To publish the rows that are still in the table,"
                + " with the relay running: tidemark replay CONFIG --from MOMENT --dry-run counts"
                + " them");
    }

    private void publish(RelayConfiguration config, Connection connection, ExistingRows rows) throws Exception {
        BacklogProgress progress = Publication.publish(config, connection, rows);
        done.add("rows older than the slot: " + rows.count() + ", of which " + progress.published()
                + " are published now, with tidemark-replayed: " + progress.replayId()
                + (progress.deadLetters() > 0 ? "; " + progress.deadLetters() + " are dead letters" : ""));
        if (progress.gone() > 0) {
            findings.add(progress.gone() + " of the rows older than the slot were deleted before they were"
                    + " published; their events are lost. Their ids: select b.* from outbox.backlog b where slot_name = '"
                    + rows.slot() + "' and not exists (select from "
                    + config.outbox().quotedTable() + " e where e.\""
                    + config.outbox().columns().id() + "\"::text = b.id)");
        }
    }

    private void print(String name, List<String> lines) {
        if (!json) {
            lines.forEach(System.out::println);
            findings.forEach(finding -> System.out.println("FINDING  " + finding));
            return;
        }
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        ArrayNode array = object.putArray(name);
        lines.forEach(array::add);
        if (!printSql) {
            findings.forEach(object.putArray("findings")::add);
        }
        System.out.println(object);
    }
}
