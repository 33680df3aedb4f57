// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.consumers;

import static org.awaitility.Awaitility.await;

import io.tidemark.consumers.EventHandler;
import io.tidemark.consumers.Projection;
import io.tidemark.consumers.ProjectionTables;
import io.tidemark.consumers.RunnerConfig;
import io.tidemark.consumers.internal.progress.Generations;
import io.tidemark.it.harness.Servers;
import io.tidemark.outbox.EventHeaders;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Position;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A topic with events as the relay writes them (transactions, headers), and a database for a projection of it. It has
 * its own names on the shared servers.
 */
final class ProjectionWorld implements AutoCloseable {

    private final Servers servers = Servers.shared();
    private final String name;
    private final Admin admin;
    private KafkaProducer<byte[], byte[]> producer;
    private final AtomicLong lsn = new AtomicLong(0x1000);
    private final List<UUID> published = new ArrayList<>();

    private ProjectionWorld(String name, int partitions) throws Exception {
        this.name = name;
        Map<String, Object> kafka = Map.of("bootstrap.servers", servers.bootstrapServers());
        this.admin = Admin.create(kafka);
        await("a broker that accepts topics") // on a busy machine, the broker may have lost its controller for a moment
                .ignoreExceptions()
                .until(() -> makeTopic(partitions));
        this.producer = producer(servers, name);
    }

    private static KafkaProducer<byte[], byte[]> producer(Servers servers, String transactionalId) {
        Map<String, Object> transactional = Map.of(
                "bootstrap.servers",
                servers.bootstrapServers(),
                "transactional.id",
                transactionalId,
                "metadata.max.age.ms",
                500);
        KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(transactional, new ByteArraySerializer(), new ByteArraySerializer());
        producer.initTransactions();
        return producer;
    }

    /**
     * Commits the records in one Kafka transaction. For transactions in close succession, a busy broker rarely finds
     * that a partition was not added to one of them: nothing of it is committed then, and the producer is of no more use.
     */
    @SuppressWarnings("FutureReturnValueIgnored") // the commit reports what was not sent
    private void commit(List<ProducerRecord<byte[], byte[]>> records) {
        for (int attempt = 1; ; attempt++) {
            try {
                producer.beginTransaction();
                records.forEach(producer::send);
                producer.commitTransaction();
                return;
            } catch (InvalidTxnStateException e) {
                producer.close(Duration.ZERO);
                if (attempt == 3) {
                    throw e;
                }
                producer = producer(servers, name);
            }
        }
    }

    static ProjectionWorld create(String label, int partitions) throws Exception {
        String name = label + "_" + UUID.randomUUID().toString().substring(0, 8);
        Servers servers = Servers.shared();
        try (Connection connection = servers.connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("create database " + name);
        }
        ProjectionWorld world = new ProjectionWorld(name, partitions);
        try (Connection connection = world.connect();
                Statement statement = connection.createStatement()) {
            ProjectionTables.create(connection);
            AppliedLog.create(statement);
        }
        return world;
    }

    private boolean makeTopic(int partitions) throws Exception {
        if (!admin.listTopics().names().get(30, TimeUnit.SECONDS).contains(topic())) {
            admin.createTopics(List.of(new NewTopic(topic(), partitions, (short) 1)))
                    .all()
                    .get(30, TimeUnit.SECONDS);
        }
        return true;
    }

    /** The name of the projection and of its group. */
    String name() {
        return name;
    }

    String topic() {
        return name + ".order";
    }

    String bootstrapServers() {
        return servers.bootstrapServers();
    }

    String url() {
        return servers.url(name);
    }

    Connection connect() throws SQLException {
        return servers.connect(name);
    }

    /** One value as text. */
    String query(String sql) throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }

    void execute(String sql) throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** The database under this address; without a pool. */
    DataSource database(String url) {
        return dataSource(url, servers.user(), servers.password());
    }

    static DataSource dataSource(String url, String user, String password) {
        PGSimpleDataSource database = new PGSimpleDataSource();
        database.setUrl(url);
        database.setUser(user);
        database.setPassword(password);
        database.setConnectTimeout(5);
        return database;
    }

    Servers servers() {
        return servers;
    }

    AppliedLog log() {
        return log(1);
    }

    AppliedLog log(int generation) {
        return new AppliedLog(this, generation);
    }

    Projection projection(EventHandler handler) {
        return Projection.of(name, List.of(topic()), handler);
    }

    /** A generation that records applied events. */
    Projection generation(int number) {
        return Projection.ofGeneration(name, number, List.of(topic()), AppliedLog::handler);
    }

    /** The configuration of every member. Dead members are detected as soon as a broker allows. */
    static Map<String, Object> kafkaProperties(String bootstrapServers) {
        return Map.of(
                "bootstrap.servers", bootstrapServers,
                "session.timeout.ms", 6000,
                "heartbeat.interval.ms", 300,
                "metadata.max.age.ms", 500);
    }

    RunnerConfig config() {
        return config(Map.of());
    }

    RunnerConfig config(Map<String, Object> more) {
        Map<String, Object> kafka = new HashMap<>(kafkaProperties(servers.bootstrapServers()));
        kafka.putAll(more);
        return RunnerConfig.of(database(url()), kafka).drainTimeout(Duration.ofSeconds(5));
    }

    /** Publishes this number of events of different aggregates in one Kafka transaction; the text is the payload. */
    synchronized void publish(int events, String payload) throws Exception {
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (int i = 0; i < events; i++) {
            UUID id = UUID.randomUUID();
            records.add(record(null, id, "aggregate-" + id, payload));
            published.add(id);
        }
        commit(records);
    }

    /** Publishes one event into this partition. */
    UUID publishTo(int partition, String payload) {
        return publishAllTo(partition, List.of(payload)).get(0);
    }

    /** Publishes one event into this partition, with this as its position. */
    synchronized void publishTo(int partition, String payload, String position) {
        ProducerRecord<byte[], byte[]> record = record(partition, UUID.randomUUID(), "aggregate-" + partition, payload);
        record.headers().remove(EventHeaders.POSITION);
        record.headers().add(EventHeaders.POSITION, utf8(position));
        commit(List.of(record));
    }

    /** Publishes an event for each payload into this partition, in one Kafka transaction. */
    synchronized List<UUID> publishAllTo(int partition, List<String> payloads) {
        List<UUID> ids = new ArrayList<>();
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (String payload : payloads) {
            UUID id = UUID.randomUUID();
            ids.add(id);
            records.add(record(partition, id, "aggregate-" + partition, payload));
        }
        commit(records);
        published.addAll(ids);
        return ids;
    }

    @SuppressWarnings("NullAway") // a partition of null means that Kafka chooses
    private ProducerRecord<byte[], byte[]> record(@Nullable Integer partition, UUID id, String key, String payload) {
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic(), partition, utf8(key), utf8(payload));
        record.headers().add(EventHeaders.ID, utf8(id.toString()));
        record.headers().add(EventHeaders.TYPE, utf8("OrderPlaced"));
        record.headers().add(EventHeaders.POSITION, utf8(new Position(1, new Lsn(lsn.addAndGet(0x40)), 0).toString()));
        return record;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    synchronized List<UUID> published() {
        return List.copyOf(published);
    }

    /** The group's offsets, as the watermark endpoint reads them. */
    Map<Integer, Long> committed() throws Exception {
        return committed(name);
    }

    Map<Integer, Long> committed(String group) throws Exception {
        Map<Integer, Long> offsets = new HashMap<>();
        admin.listConsumerGroupOffsets(group)
                .partitionsToOffsetAndMetadata()
                .get(30, TimeUnit.SECONDS)
                .forEach((partition, offset) -> {
                    if (offset != null) {
                        offsets.put(partition.partition(), offset.offset());
                    }
                });
        return offsets;
    }

    /** The projection's progress, of the generation that is read. */
    Map<Integer, Long> progress() throws SQLException {
        Map<Integer, Long> offsets = new HashMap<>();
        try (Connection connection = connect()) {
            connection.setAutoCommit(false);
            new Generations(name)
                    .progressInNewSnapshot(connection)
                    .forEach((partition, progress) -> offsets.put(partition.partition(), progress.nextOffset()));
        }
        return offsets;
    }

    void resetGroup(Map<Integer, Long> to) throws Exception {
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        to.forEach((partition, offset) ->
                offsets.put(new TopicPartition(topic(), partition), new OffsetAndMetadata(offset)));
        admin.alterConsumerGroupOffsets(name, offsets).all().get(30, TimeUnit.SECONDS);
    }

    /** Like a session timeout, immediately: removes all members. Those that are alive join again. */
    void expelAll() throws Exception {
        expelAll(name);
    }

    void expelAll(String group) throws Exception {
        try {
            admin.removeMembersFromConsumerGroup(group, new RemoveMembersFromConsumerGroupOptions())
                    .all()
                    .get(30, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            // Replaced members may leave at any moment, and the client rejects a removal without members.
            if (!(e.getCause() instanceof IllegalArgumentException) || members(group) > 0) {
                throw e;
            }
        }
    }

    int members() throws Exception {
        return members(name);
    }

    private int members(String group) throws Exception {
        return Objects.requireNonNull(admin.describeConsumerGroups(List.of(group))
                        .all()
                        .get(30, TimeUnit.SECONDS)
                        .get(group))
                .members()
                .size();
    }

    /** Like retention: deletes everything in the partition. */
    void deleteRecords(int partition) throws Exception {
        admin.deleteRecords(Map.of(new TopicPartition(topic(), partition), RecordsToDelete.beforeOffset(-1)))
                .all()
                .get(30, TimeUnit.SECONDS);
    }

    /** Deletes the topic, creates it again and returns its new id. Forgets the events published before. */
    String makeTopicAgain(int partitions) throws Exception {
        String old = topicId();
        admin.deleteTopics(List.of(topic())).all().get(30, TimeUnit.SECONDS);
        // for a while the broker may still list the old topic, or not yet describe the new one
        return await("a topic of that name is made again")
                .ignoreExceptions()
                .until(
                        () -> {
                            makeTopic(partitions);
                            return topicId();
                        },
                        id -> !id.equals(old));
    }

    private String topicId() throws Exception {
        return Objects.requireNonNull(
                        admin.describeTopics(List.of(topic())).topicNameValues().get(topic()))
                .get(30, TimeUnit.SECONDS)
                .topicId()
                .toString();
    }

    void increasePartitionsTo(int count) throws Exception {
        admin.createPartitions(Map.of(topic(), NewPartitions.increaseTo(count)))
                .all()
                .get(30, TimeUnit.SECONDS);
    }

    @Override
    public void close() throws Exception {
        producer.close();
        admin.close();
        try (Connection connection = servers.connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("drop database " + name + " with (force)");
        }
    }
}
