// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.file.ConfigurationFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListSet;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.ConfigResource;
import org.jspecify.annotations.Nullable;

/**
 * A source whose topic of orders accepts records of at most 20,000 bytes, and whose route does not allow tombstones. It
 * records which of its committed events are therefore poison.
 */
public final class PoisonSource implements AutoCloseable {

    private static final int TOPIC_TAKES = 20_000;
    private static final int AGGREGATES = 10;

    private final TestSource source;
    private final Set<String> poison = new ConcurrentSkipListSet<>();

    private PoisonSource(TestSource source) {
        this.source = source;
    }

    public static PoisonSource create(String label) throws Exception {
        PoisonSource created = new PoisonSource(TestSource.create(label));
        try (Admin admin = created.admin()) {
            admin.createTopics(List.of(new NewTopic(created.topic(), 3, (short) 1)
                            .configs(Map.of("max.message.bytes", Integer.toString(TOPIC_TAKES)))))
                    .all()
                    .get();
        }
        return created;
    }

    private Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", source.servers().bootstrapServers()));
    }

    public TestSource source() {
        return source;
    }

    public String topic() {
        return source.topic("order");
    }

    /** Sets the maximum record size of the topic. */
    public void takes(String topic, int bytes) throws Exception {
        AlterConfigOp op = new AlterConfigOp(
                new ConfigEntry("max.message.bytes", Integer.toString(bytes)), AlterConfigOp.OpType.SET);
        try (Admin admin = admin()) {
            admin.incrementalAlterConfigs(Map.of(new ConfigResource(ConfigResource.Type.TOPIC, topic), List.of(op)))
                    .all()
                    .get();
        }
    }

    public Path configFile(String onPoison, String... more) {
        Path file = source.configFile(more);
        try {
            String yaml = Files.readString(file);
            return Files.writeString(file, yaml.replace("tombstones: true", "onPoison: " + onPoison));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public RelayConfiguration configuration(String onPoison, String... more) {
        return ConfigurationFile.read(configFile(onPoison, more));
    }

    /** An event to write. A payload that is null or too large for the topic is poison. */
    public record Row(
            String id, String aggregateId, @Nullable String payload) {

        public static Row good(Random random) {
            return row(random, "x".repeat(1 + random.nextInt(300)));
        }

        public static Row tooLarge(Random random) {
            return row(random, "L".repeat(TOPIC_TAKES + random.nextInt(TOPIC_TAKES)));
        }

        public static Row withoutPayload(Random random) {
            return row(random, null);
        }

        /** One in ten is poison, of one of the two kinds. */
        public static Row any(Random random) {
            return switch (random.nextInt(20)) {
                case 0 -> tooLarge(random);
                case 1 -> withoutPayload(random);
                default -> good(random);
            };
        }

        private static Row row(Random random, @Nullable String payload) {
            return new Row(
                    new UUID(random.nextLong(), random.nextLong()).toString(),
                    "agg-" + random.nextInt(AGGREGATES),
                    payload);
        }

        boolean isPoison() {
            return payload == null || payload.length() >= TOPIC_TAKES;
        }
    }

    /** Commits them in one transaction. */
    public void commit(Row... rows) throws SQLException {
        commit(List.of(rows));
    }

    public void commit(List<Row> rows) throws SQLException {
        List<String> ids = new ArrayList<>();
        List<String> aggregates = new ArrayList<>();
        List<@Nullable String> payloads = new ArrayList<>();
        rows.forEach(row -> {
            ids.add(row.id());
            aggregates.add(row.aggregateId());
            payloads.add(row.payload());
        });
        try (Connection connection = source.connect()) {
            connection.setAutoCommit(false);
            insert(
                    connection,
                    "insert into outbox.event (id, aggregate_type, aggregate_id, event_type, payload, headers)"
                            + " select id, 'order', aggregate, 'changed', payload, '{\"tenant\": \"t1\"}'"
                            + " from unnest(?::uuid[], ?::text[], ?::text[]) as row (id, aggregate, payload)",
                    ids,
                    aggregates,
                    payloads);
            insert(
                    connection,
                    "insert into audit.entry (event_id, aggregate_id) select * from unnest(?::uuid[], ?::text[])",
                    ids,
                    aggregates);
            connection.commit();
        }
        rows.stream().filter(Row::isPoison).map(Row::id).forEach(poison::add);
    }

    @SafeVarargs
    private static void insert(Connection connection, String sql, List<? extends @Nullable String>... columns)
            throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(sql)) {
            for (int i = 0; i < columns.length; i++) {
                insert.setArray(i + 1, connection.createArrayOf("text", columns[i].toArray()));
            }
            insert.executeUpdate();
        }
    }

    /** The ids of the committed events that cannot be published. */
    public Set<String> poison() {
        return new TreeSet<>(poison);
    }

    /** The readable dead letters of this source, including removed ones, without the tombstones of the removals. */
    public List<ReadEvent> deadLetters() throws SQLException {
        String prefix = source.sourceId() + "/";
        return TopicReader.readAll(source.servers(), OwnTopics.DEAD_LETTERS).stream()
                .filter(letter -> letter.key().startsWith(prefix) && letter.value() != null)
                .toList();
    }

    @Override
    public void close() throws Exception {
        source.close();
    }
}
