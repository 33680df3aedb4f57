package io.tidemark.quickstart.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.quickstart.stack.PostgresServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;

/**
 * The projection: an ordinary Kafka consumer that keeps the newest state of every order in a database of its own. Row
 * and next offset are committed together, the offset to Kafka afterwards, so that each event is applied exactly once
 * and the watermark never runs ahead of the view. One thread, but for {@link #close} and the look-ups.
 */
final class OrdersView implements Runnable, AutoCloseable {

    static final String DATABASE = "views";
    static final String NAME = "orders-view";
    static final String TOPIC = "outbox." + Shop.AGGREGATE_TYPE;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final PostgresServer postgres;
    private final KafkaConsumer<String, String> consumer;
    private final Map<String, Arrival> arrivals = new ConcurrentHashMap<>();
    private final Thread thread = new Thread(this, NAME);
    private volatile boolean closing;
    private volatile String failure = "";

    /** Where and when an event arrived. */
    record Arrival(int partition, long offset, String position, long nanos) {}

    OrdersView(PostgresServer postgres, String bootstrapServers) {
        this.postgres = postgres;
        this.consumer = new KafkaConsumer<>(
                Map.of(
                        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ConsumerConfig.GROUP_ID_CONFIG,
                        NAME,
                        ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                        "read_committed",
                        ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                        false,
                        ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                        "earliest",
                        ConsumerConfig.METADATA_MAX_AGE_CONFIG,
                        1000),
                new StringDeserializer(),
                new StringDeserializer());
    }

    static void install(PostgresServer postgres) throws SQLException {
        postgres.createDatabase(DATABASE);
        try (Connection connection = postgres.connect(DATABASE);
                Statement statement = connection.createStatement()) {
            statement.execute("""
                    create table if not exists order_view (
                        id bigint primary key, version int not null, status text not null, cents int not null,
                        applied int not null default 1);
                    create table if not exists progress (
                        kafka_partition int primary key, next_offset bigint not null)
                    """);
        }
    }

    void start() {
        thread.start();
    }

    @Override
    public void run() {
        try (Connection view = postgres.connect(DATABASE)) {
            view.setAutoCommit(false);
            consumer.subscribe(List.of(TOPIC), new SeekToProgress(view));
            while (!closing) {
                for (ConsumerRecord<String, String> event : consumer.poll(Duration.ofMillis(200))) {
                    note(event);
                    apply(view, event);
                }
                commit(view);
            }
        } catch (WakeupException e) {
            if (!closing) {
                failure = "woken up by nobody";
            }
        } catch (SQLException | IOException e) {
            failure = e.toString();
        } finally {
            consumer.close();
        }
    }

    private void note(ConsumerRecord<String, String> event) {
        arrivals.put(
                header(event, "id"),
                new Arrival(event.partition(), event.offset(), header(event, "tidemark-position"), System.nanoTime()));
    }

    private static String header(ConsumerRecord<String, String> event, String name) {
        Header header = event.headers().lastHeader(name);
        return header == null ? "" : new String(header.value(), StandardCharsets.UTF_8);
    }

    private static void apply(Connection view, ConsumerRecord<String, String> event) throws SQLException, IOException {
        JsonNode order = JSON.readTree(event.value());
        try (PreparedStatement upsert = view.prepareStatement(
                "insert into order_view (id, version, status, cents) values (?, ?, ?, ?) on conflict (id) do update"
                        + " set version = excluded.version, status = excluded.status, cents = excluded.cents,"
                        + " applied = order_view.applied + 1")) {
            upsert.setLong(1, order.required("orderId").longValue());
            upsert.setInt(2, order.required("version").intValue());
            upsert.setString(3, order.required("status").textValue());
            upsert.setInt(4, order.required("cents").intValue());
            upsert.executeUpdate();
        }
    }

    /** View and progress first, in one transaction; then Kafka hears of it. */
    private void commit(Connection view) throws SQLException {
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        try (PreparedStatement upsert = view.prepareStatement(
                "insert into progress values (?, ?) on conflict (kafka_partition) do update set next_offset ="
                        + " excluded.next_offset where progress.next_offset < excluded.next_offset")) {
            for (TopicPartition partition : consumer.assignment()) {
                long next = consumer.position(partition);
                offsets.put(partition, new OffsetAndMetadata(next));
                upsert.setInt(1, partition.partition());
                upsert.setLong(2, next);
                upsert.addBatch();
            }
            upsert.executeBatch();
        }
        view.commit();
        consumer.commitSync(offsets);
    }

    /** Where an event arrived, or null while it has not. */
    @Nullable
    Arrival arrivalOf(String eventId) {
        return arrivals.get(eventId);
    }

    int arrived() {
        return arrivals.size();
    }

    /** Why the projection has ended, or empty while it runs. */
    String failure() {
        return failure;
    }

    /** The version of the order in the view, or 0 when it is not there. For any thread with a connection of its own. */
    static int versionOf(Connection view, long orderId) throws SQLException {
        try (PreparedStatement select = view.prepareStatement("select version from order_view where id = ?")) {
            select.setLong(1, orderId);
            try (ResultSet row = select.executeQuery()) {
                return row.next() ? row.getInt(1) : 0;
            }
        }
    }

    @Override
    public void close() {
        closing = true;
        consumer.wakeup();
        try {
            thread.join(10_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The view's own progress decides where to go on, whatever the group's offsets say. */
    private final class SeekToProgress implements ConsumerRebalanceListener {

        private final Connection view;

        SeekToProgress(Connection view) {
            this.view = view;
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            try (Statement statement = view.createStatement();
                    ResultSet row = statement.executeQuery("select kafka_partition, next_offset from progress")) {
                Map<Integer, Long> progress = new HashMap<>();
                while (row.next()) {
                    progress.put(row.getInt(1), row.getLong(2));
                }
                partitions.forEach(
                        partition -> consumer.seek(partition, progress.getOrDefault(partition.partition(), 0L)));
                view.commit();
            } catch (SQLException e) {
                throw new IllegalStateException("cannot read the view's progress", e);
            }
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            // every poll's events are committed before the next poll: nothing is in between
        }
    }
}
