// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dropwizard.logging.common.BootstrapLogging;
import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.file.ConfigurationFile;
import io.tidemark.relay.source.SlotState;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.check.SourceInstallation;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tidemark slot show|drop}. */
@Command(name = "slot", description = "Shows or drops the replication slot.")
final class SlotCommand {

    @Command(
            name = "show",
            description = {"Prints the state of the configured slot.", "Exit code: 0 fine, 1 the slot does not exist."})
    int show(
            @Parameters(paramLabel = "CONFIG", description = "The YAML file.") Path file,
            @Option(names = "--json", description = "Print one JSON object, as the field slot of GET" + " /v1/source.")
                    boolean json)
            throws Exception {
        BootstrapLogging.bootstrap();
        PostgresConfig postgres = ConfigurationFile.read(file).postgres();
        SourceDatabase database = new SourceDatabase(postgres);
        try (Connection connection = database.connect("slot")) {
            Optional<SlotState> slot = database.slot(connection);
            if (json) {
                System.out.println(json(postgres, slot, database.walHead(connection)));
                return slot.isEmpty() ? TidemarkCli.FAILED : TidemarkCli.FINE;
            }
            if (slot.isEmpty()) {
                System.out.println("slot " + postgres.slot() + " does not exist in database " + postgres.database());
                return TidemarkCli.FAILED;
            }
            SlotState state = slot.get();
            System.out.println("slot=" + postgres.slot() + " confirmed=" + state.confirmed() + " walHead="
                    + database.walHead(connection) + " walStatus=" + state.walStatus() + " active="
                    + state.activePid().isPresent());
            return TidemarkCli.FINE;
        }
    }

    private static ObjectNode json(PostgresConfig postgres, Optional<SlotState> slot, Lsn walHead) {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("name", postgres.slot())
                .put("database", postgres.database())
                .put("walHead", walHead.toString())
                .put("exists", slot.isPresent());
        slot.ifPresent(state -> json.put("walStatus", state.walStatus())
                .put("active", state.activePid().isPresent())
                .put("confirmed", state.confirmed().toString()));
        return json;
    }

    @Command(
            name = "drop",
            description = {
                "Drops the configured slot. Events that are not published yet then exist only in the outbox table.",
                "Exit code: 0 the slot does not exist any more, 1 --yes names another slot."
            })
    int drop(
            @Option(names = "--yes", required = true, description = "The slot's name, as a confirmation.") String name,
            @Parameters(paramLabel = "CONFIG", description = "The YAML file.") Path file,
            @Option(names = "--json", description = "Print one JSON object: {\"name\": …, \"dropped\": …}.")
                    boolean json)
            throws Exception {
        BootstrapLogging.bootstrap();
        RelayConfiguration config = ConfigurationFile.read(file);
        PostgresConfig postgres = config.postgres();
        if (!name.equals(postgres.slot())) {
            System.err.println("tidemark: --yes names slot '" + name + "', but " + file + " configures '"
                    + postgres.slot() + "'; nothing was dropped");
            return TidemarkCli.FAILED;
        }
        try (Connection connection = new SourceDatabase(postgres).connect("slot")) {
            boolean dropped = new SourceInstallation(postgres, config.outbox()).dropSlot(connection);
            System.out.println(
                    json
                            ? JsonNodeFactory.instance
                                    .objectNode()
                                    .put("name", name)
                                    .put("dropped", dropped)
                            : "slot " + name + (dropped ? " dropped" : " did not exist"));
            return TidemarkCli.FINE;
        }
    }
}
