// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture.engine;

import io.tidemark.relay.config.OutboxConfig;
import io.tidemark.relay.config.PostgresConfig;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.connect.storage.MemoryOffsetBackingStore;
import org.postgresql.PGProperty;

/** The engine's settings. Everything that could move or make a slot, resume, or confirm without us is off. */
final class EngineProperties {

    /** How long a read on the idle stream waits for its first byte, in milliseconds. */
    private static final int PEEK_MILLIS = 50;

    /** Connection parameters that Debezium has its own settings for. */
    private static final Set<String> DEBEZIUM_SSL =
            Set.of("sslmode", "sslcert", "sslkey", "sslpassword", "sslrootcert", "sslfactory");

    /** Parameters that choose among several hosts; the engine gets the host that was chosen. */
    private static final Set<String> HOST_CHOICE = Set.of("targetServerType", "loadBalanceHosts", "hostRecheckSeconds");

    /**
     * Debezium reads the server's text of a bytea as hex; a database or role set to "escape" would send another format.
     */
    private static final String SERVER_OPTIONS = "-c bytea_output=hex";

    private EngineProperties() {}

    static Properties of(PostgresConfig postgres, OutboxConfig outbox, String tapId) {
        Properties engine = new Properties();
        engine.setProperty("name", tapId);
        engine.setProperty("connector.class", TapConnector.class.getName());
        engine.setProperty(TapTask.TAP_ID, tapId);
        // Names the engine's MBeans. If all shared one name, a new engine would wait a minute for one that was cut off.
        engine.setProperty("topic.prefix", tapId);
        putConnection(engine, postgres);

        engine.setProperty("plugin.name", "pgoutput");
        engine.setProperty("slot.name", postgres.slot());
        engine.setProperty("publication.name", postgres.publication());
        engine.setProperty("publication.autocreate.mode", "disabled");
        engine.setProperty("table.include.list", outbox.table().replace(".", "\\.")); // a regular expression

        // Every engine starts without an offset, at the slot's confirmed LSN; our filter drops what Kafka already has.
        engine.setProperty("snapshot.mode", "no_data");
        engine.setProperty("offset.storage", MemoryOffsetBackingStore.class.getName());
        // "manual" would disable our own confirmations; "connector_and_driver" confirms changes that were not
        // processed.
        engine.setProperty("lsn.flush.mode", "connector");
        engine.setProperty("heartbeat.interval.ms", "0");
        engine.setProperty("provide.transaction.metadata", "false");
        // By default Debezium skips TRUNCATE, and the tap could not count it.
        engine.setProperty("skipped.operations", "none");

        // One engine serves one run: the supervisor retries, with a new engine.
        engine.setProperty("errors.max.retries", "0");
        engine.setProperty("slot.max.retries", "0");
        engine.setProperty("poll.interval.ms", "500");
        engine.setProperty("record.processing.threads", "1");

        engine.merge("driver.options", SERVER_OPTIONS, (given, ours) -> given + " " + ours);
        engine.setProperty("driver.socketFactory", WaitingSocketFactory.class.getName());
        engine.setProperty("driver.socketFactoryArg", new WaitingSocketFactory.Argument(PEEK_MILLIS, tapId).toString());
        return engine;
    }

    private static void putConnection(Properties engine, PostgresConfig postgres) {
        Properties url = postgres.urlProperties();
        engine.setProperty("database.hostname", String.valueOf(PGProperty.PG_HOST.getOrDefault(url)));
        engine.setProperty("database.port", String.valueOf(PGProperty.PG_PORT.getOrDefault(url)));
        engine.setProperty("database.dbname", postgres.database());
        engine.setProperty("database.user", postgres.user());
        String password = postgres.readPassword();
        if (password != null) {
            engine.setProperty("database.password", password);
        }
        for (String name : url.stringPropertyNames()) {
            if (DEBEZIUM_SSL.contains(name)) {
                engine.setProperty("database." + name, url.getProperty(name));
            } else if (!name.startsWith("PG") && !HOST_CHOICE.contains(name)) {
                engine.setProperty("driver." + name, url.getProperty(name));
            }
        }
    }
}
