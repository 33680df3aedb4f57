package io.tidemark.relay.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dropwizard.logging.common.BootstrapLogging;
import io.tidemark.outbox.Lsn;
import io.tidemark.relay.StartFindings;
import io.tidemark.relay.config.ConfigurationFile;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.publish.KafkaCheck;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.source.FailoverHint;
import io.tidemark.relay.source.SlotState;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.SourceNotReady;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tidemark check CONFIG}: what {@code run} would trip over. */
@Command(name = "check", description = "Checks configuration, database and Kafka before the first event.")
final class CheckCommand implements Callable<Integer> {

    @Parameters(paramLabel = "CONFIG", description = "The YAML file.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path file;

    @Option(names = "--json", description = "Print one JSON object: {\"ok\": […], \"findings\": […]}.")
    private boolean json;

    private final List<String> ok = new ArrayList<>();
    private final List<String> findings = new ArrayList<>();

    @Override
    public Integer call() throws InterruptedException {
        BootstrapLogging.bootstrap();
        RelayConfiguration config = ConfigurationFile.read(file);
        ok("configuration " + file);
        checkPostgres(config);
        checkKafka(config);
        if (findings.isEmpty()) {
            checkStart(config);
        }
        report();
        return findings.isEmpty() ? TidemarkCli.FINE : TidemarkCli.FAILED;
    }

    private void checkPostgres(RelayConfiguration config) {
        SourceDatabase database = new SourceDatabase(config.postgres());
        try (Connection connection = database.connect("check")) {
            SourceIdentity identity = database.checkReady(connection, config.outbox());
            ok("postgres: source " + identity.sourceId() + ", database " + identity.database() + ", timeline "
                    + identity.timeline());
            Optional<SlotState> slot = database.slot(connection);
            if (slot.isPresent() && !slot.get().isLost()) { // else checkStart says what that means
                Lsn head = database.walHead(connection);
                ok("slot " + config.postgres().slot() + ": confirmed "
                        + slot.get().confirmed() + ", WAL head " + head
                        + FailoverHint.of(connection, config.postgres().slot()));
            }
        } catch (SourceNotReady e) {
            finding(String.valueOf(e.getMessage()));
        } catch (SQLException e) {
            finding("postgres: " + e.getMessage());
        }
    }

    private void checkKafka(RelayConfiguration config) throws InterruptedException {
        try {
            ok("kafka: " + KafkaCheck.describe(config.kafka()));
        } catch (PublishFailure e) {
            finding(String.valueOf(e.getMessage()));
        }
    }

    /** Which rights it lacks, and what a relay that starts would halt at, once all it needs is there. */
    private void checkStart(RelayConfiguration config) throws InterruptedException {
        SourceDatabase database = new SourceDatabase(config.postgres());
        try (Connection connection = database.connect("check")) {
            SourceIdentity identity = database.checkReady(connection, config.outbox());
            findings.addAll(StartFindings.missingRights(config, identity));
            if (!findings.isEmpty()) {
                return;
            }
            StartFindings start = StartFindings.of(config, database, connection, identity);
            start.halt()
                    .ifPresentOrElse(
                            this::finding,
                            () -> ok("start: "
                                    + start.published()
                                            .map(lsn -> "Kafka has events up to " + lsn)
                                            .orElse("Kafka has no events of this source yet")));
        } catch (SourceNotReady | PublishFailure e) {
            finding(String.valueOf(e.getMessage()));
        } catch (SQLException e) {
            finding("postgres: " + e.getMessage());
        } catch (IllegalArgumentException e) { // a record of the positions that is none
            finding(String.valueOf(e.getMessage()));
        }
    }

    private void ok(String what) {
        ok.add(what);
    }

    private void finding(String what) {
        findings.add(what);
    }

    private void report() {
        if (json) {
            ObjectNode report = JsonNodeFactory.instance.objectNode();
            ArrayNode fine = report.putArray("ok");
            ok.forEach(fine::add);
            ArrayNode found = report.putArray("findings");
            findings.forEach(found::add);
            System.out.println(report);
            return;
        }
        ok.forEach(what -> System.out.println("ok       " + what));
        findings.forEach(what -> System.out.println("FINDING  " + what));
    }
}
