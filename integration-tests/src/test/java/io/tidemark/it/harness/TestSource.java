// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.Tokens;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.file.ConfigurationFile;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.check.SourceInstallation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/**
 * A separate database with an outbox, our slot, an audit table and a {@code test_decoding} slot as the truth about
 * commits. Its topics start with its name. Dropped on close.
 */
public final class TestSource implements AutoCloseable {

    private static final Pattern AUDIT_INSERT = Pattern.compile(
            "table audit\\.entry: INSERT: n\\[bigint]:\\d+ event_id\\[uuid]:'([0-9a-f-]+)' aggregate_id\\[text]:'(.*)'");

    private final Servers servers;
    private final String name;
    private final Path dir;
    /** Its standbys, as YAML. */
    private final String replicas;

    private final String routes;

    private TestSource(Servers servers, String name, Path dir, String replicas, String routes) {
        this.servers = servers;
        this.name = name;
        this.dir = dir;
        this.replicas = replicas;
        this.routes = routes;
    }

    /** A fresh source; {@code label} makes its names readable. */
    public static TestSource create(String label) throws Exception {
        return create(label, Servers.shared());
    }

    /** The same on other servers than the shared ones. */
    public static TestSource create(String label, Servers servers) throws Exception {
        TestSource source = bare(label, servers);
        try (Connection connection = source.connect()) {
            source.installation().install(connection);
        }
        source.watch();
        return source;
    }

    /** A fresh source with an existing table. */
    public static TestSource around(String table, String label, String... more) throws Exception {
        TestSource source = bare(label, Servers.shared());
        source.execute(table);
        try (Connection connection = source.connect()) {
            source.installation(more).install(connection);
        }
        source.watch();
        return source;
    }

    /** An empty database. */
    public static TestSource bare(String label, Servers servers) throws Exception {
        String name = label + "_" + UUID.randomUUID().toString().substring(0, 8);
        Path parent = Path.of(System.getProperty("servers.dir"));
        Files.createDirectories(parent);
        Path dir = Files.createTempDirectory(parent, label + "-");
        TestSource source = new TestSource(servers, name, dir, "", anyTypeTo(name));
        source.servers.execute("postgres", "create database " + name);
        return source;
    }

    /** The same in another encoding than UTF-8. */
    public static TestSource bareIn(String encoding, String label) throws Exception {
        TestSource source = bare(label, Servers.shared());
        source.servers.execute(
                "postgres",
                "drop database " + source.name,
                "create database " + source.name + " encoding '" + encoding
                        + "' lc_collate 'C' lc_ctype 'C' template template0");
        return source;
    }

    /** Creates audit table and truth slot: from now on, the committed events are known. */
    public void watch() throws SQLException {
        execute(
                "create schema audit",
                "create table audit.entry (n bigserial primary key, event_id uuid not null, aggregate_id text not"
                        + " null)");
        createTruthSlot();
    }

    /** From now on, the committed events are known. A promoted standby does not have the slot of before. */
    public void createTruthSlot() throws SQLException {
        execute("select pg_create_logical_replication_slot('" + name + "_truth', 'test_decoding')");
    }

    /** A new token, which covers everything that is committed. */
    public Token token() throws SQLException {
        try (Connection connection = connect()) {
            return Tokens.current(connection);
        }
    }

    /** The same source on other servers. */
    public TestSource on(Servers others) {
        return new TestSource(others, name, dir, replicas, routes);
    }

    /** The same source, with one more standby in its configuration. */
    public TestSource readFrom(String replica, Servers standby) {
        String entry = "{name: " + replica + ", url: \"" + standby.url(name) + "\"}";
        String all = replicas.isEmpty() ? entry : replicas + ", " + entry;
        return new TestSource(servers, name, dir, all, routes);
    }

    private static String anyTypeTo(String name) {
        return "{aggregateType: \"*\", topic: \"" + name + ".{aggregateType}\", tombstones: true}";
    }

    /** The same source with other routes; {@code {name}} is replaced by its name. */
    public TestSource routed(String others) {
        return new TestSource(servers, name, dir, replicas, others.replace("{name}", name));
    }

    public String name() {
        return name;
    }

    public Servers servers() {
        return servers;
    }

    /** Creates the topic of an aggregate type before its first event. */
    public void makeTopic(String aggregateType) throws Exception {
        makeTopics(List.of(aggregateType), 3);
    }

    /** Creates the topics of these aggregate types, each with this number of partitions. */
    public void makeTopics(List<String> aggregateTypes, int partitions) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers.bootstrapServers()))) {
            List<NewTopic> topics = aggregateTypes.stream()
                    .map(type -> new NewTopic(topic(type), partitions, (short) servers.replicationFactor()))
                    .toList();
            admin.createTopics(topics).all().get(120, TimeUnit.SECONDS);
        }
    }

    /** The topic of an aggregate type. */
    public String topic(String aggregateType) {
        return name + "." + aggregateType;
    }

    public Connection connect() throws SQLException {
        return servers.connect(name);
    }

    public void execute(String... statements) throws SQLException {
        servers.execute(name, statements);
    }

    /** One value as text. */
    public String query(String sql) throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }

    public String sourceId() throws SQLException {
        return query("select id from outbox.source");
    }

    /** The configuration file, with more YAML at its end. */
    public Path configFile(String... more) {
        return configFile(servers, more);
    }

    /** The same for a relay with other addresses of the servers. */
    public Path configFile(Servers through, String... more) {
        String yaml = String.format(
                Locale.ROOT,
                """
                postgres: {url: "%s", user: %s, password: "%s", slot: %s, replicas: [%s]}
                kafka:
                  bootstrapServers: "%s"
                  topics: {partitions: 3, replicationFactor: %d}
                routes: [%s]
                projections:
                  - {name: view, group: %s-view, topics: [%s.order]}
                %s
                """,
                through.url(name),
                through.user(),
                through.password(),
                name,
                replicas,
                through.bootstrapServers(),
                through.replicationFactor(),
                routes,
                name,
                name,
                String.join("\n", more));
        try {
            Path file = Files.createTempFile(dir, "relay", ".yml");
            return Files.writeString(file, yaml);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public RelayConfiguration configuration(String... more) {
        return ConfigurationFile.read(configFile(more));
    }

    /** Does the same as {@code tidemark init} with {@link #configuration}. */
    public SourceInstallation installation(String... more) {
        RelayConfiguration config = configuration(more);
        return new SourceInstallation(config.postgres(), config.outbox());
    }

    public Path dir() {
        return dir;
    }

    /** An event from the truth slot. */
    public record CommittedEvent(String id, String aggregateId, Lsn commitLsn, int ordinal) {}

    /**
     * Everything committed so far, in commit order, without consuming it from the truth slot. A slot is read only up to
     * the flushed WAL, and asynchronous commits are not flushed. A later synchronous commit flushes them.
     */
    public List<CommittedEvent> committedEvents() throws SQLException {
        execute("set synchronous_commit = on", "select pg_logical_emit_message(true, 'truth', '')");
        List<CommittedEvent> committed = new ArrayList<>();
        List<String[]> open = new ArrayList<>();
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.setFetchSize(1000);
            // as bytes: the slot also returns the messages of outbox.emit(), whose content may not be text
            ResultSet rows = statement.executeQuery("select lsn::text, data from pg_logical_slot_peek_binary_changes('"
                    + name + "_truth', null, null, 'include-xids', '0', 'skip-empty-xacts', '1')");
            while (rows.next()) {
                String data = new String(rows.getBytes(2), StandardCharsets.UTF_8);
                Matcher audit = AUDIT_INSERT.matcher(data);
                if (audit.matches()) {
                    open.add(new String[] {audit.group(1), audit.group(2)});
                } else if (data.startsWith("COMMIT")) {
                    Lsn commitLsn = Lsn.parse(rows.getString(1));
                    for (int ordinal = 0; ordinal < open.size(); ordinal++) {
                        committed.add(
                                new CommittedEvent(open.get(ordinal)[0], open.get(ordinal)[1], commitLsn, ordinal));
                    }
                    open.clear();
                }
            }
        }
        return committed;
    }

    /** The slot's confirmed LSN, from the server. */
    public Lsn confirmed() throws SQLException {
        return Lsn.parse(
                query("select confirmed_flush_lsn::text from pg_replication_slots where slot_name = '" + name + "'"));
    }

    public SourceDatabase database() {
        return new SourceDatabase(configuration().postgres());
    }

    @Override
    public void close() throws Exception {
        servers.execute(
                "postgres",
                "select pg_terminate_backend(active_pid, 5000) from pg_replication_slots where database = '" + name
                        + "' and active",
                "select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = '" + name + "'",
                "drop database " + name + " with (force)");
    }
}
