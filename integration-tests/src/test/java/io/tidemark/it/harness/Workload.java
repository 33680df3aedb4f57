// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.postgresql.PGConnection;

/**
 * Writers that commit transactions of every shape that is known to have lost events in some system, from a seed: single
 * rows, multi-row inserts, COPY, events without a row, long transactions beside short ones, changes that start at the
 * end of another commit, savepoints and rollbacks, logical messages of both kinds, empty transactions, asynchronous
 * commits.
 */
public final class Workload implements AutoCloseable {

    private static final int AGGREGATES = 25;

    /** The shape of the transactions. */
    public enum Shape {
        /** One event each, from several writers at the same time. */
        SINGLE_ROWS,
        /** Every shape of this class: mostly small, some with hundreds and a few with thousands of rows. */
        EVERYTHING,
        /** A thousand rows or more, among small ones. */
        LARGE
    }

    /** Opens the writers' connections. */
    @FunctionalInterface
    public interface Connector {

        Connection connect() throws SQLException;
    }

    private final Connector connector;
    private final Shape shape;
    private final long seed;
    private final int pauseMillis;
    private final boolean reconnects;
    private final ExecutorService writers;
    private final List<Future<?>> running = new ArrayList<>();
    private volatile boolean stopping;

    private Workload(Connector connector, Shape shape, long seed, int writers, int pauseMillis, boolean reconnects) {
        this.reconnects = reconnects;
        this.connector = connector;
        this.shape = shape;
        this.seed = seed;
        this.pauseMillis = pauseMillis;
        this.writers = Executors.newFixedThreadPool(writers);
    }

    /** Starts writers of every shape. */
    public static Workload start(TestSource source, long seed, int writers, int pauseMillis) {
        return start(source, Shape.EVERYTHING, seed, writers, pauseMillis);
    }

    /** Starts this number of writers, each with pauses up to {@code pauseMillis} between transactions. */
    public static Workload start(TestSource source, Shape shape, long seed, int writers, int pauseMillis) {
        return start(source::connect, shape, seed, writers, pauseMillis, false);
    }

    /**
     * The same with a server, or a pooler, that may fail. Writers abandon the current transaction, which may be committed, and
     * continue.
     */
    public static Workload startReconnecting(Connector connector, long seed, int writers, int pauseMillis) {
        return start(connector, Shape.EVERYTHING, seed, writers, pauseMillis, true);
    }

    private static Workload start(
            Connector connector, Shape shape, long seed, int writers, int pauseMillis, boolean reconnects) {
        Workload workload = new Workload(connector, shape, seed, writers, pauseMillis, reconnects);
        for (int i = 0; i < writers; i++) {
            Random random = new Random(seed * 31 + i);
            workload.running.add(workload.writers.submit(() -> workload.write(random)));
        }
        return workload;
    }

    private Void write(Random random) throws Exception {
        while (!stopping) {
            try {
                writeOnce(random);
            } catch (SQLException e) {
                if (!reconnects || !isConnectionLoss(e)) {
                    throw e;
                }
                TimeUnit.MILLISECONDS.sleep(100);
            }
        }
        return null;
    }

    /** Connection failures, and a server that is stopping or not started yet (57P01 to 57P03). */
    private static boolean isConnectionLoss(SQLException failure) {
        String state = String.valueOf(failure.getSQLState());
        return state.startsWith("08") || state.startsWith("57P");
    }

    private void writeOnce(Random random) throws Exception {
        try (Connection connection = connector.connect();
                Connection other = connector.connect()) {
            connection.setAutoCommit(false);
            while (!stopping) {
                switch (shape) {
                    case SINGLE_ROWS -> {
                        insert(connection, events(random, 1));
                        connection.commit();
                    }
                    case EVERYTHING -> transaction(connection, other, random);
                    case LARGE -> {
                        boolean isLarge = random.nextInt(40) == 0;
                        insert(connection, events(random, isLarge ? 1000 + random.nextInt(2000) : 1));
                        connection.commit();
                    }
                }
                TimeUnit.MILLISECONDS.sleep(random.nextInt(pauseMillis + 1));
            }
        }
    }

    /** One transaction of a random shape; {@code other} is in auto-commit. */
    private static void transaction(Connection connection, Connection other, Random random) throws Exception {
        if (random.nextInt(8) == 0) {
            execute(connection, "set local synchronous_commit = off");
        }
        switch (random.nextInt(12)) {
            case 0, 1, 2 -> write(connection, random, events(random, 1));
            case 3 -> write(connection, random, events(random, rows(random)));
            case 4 -> copy(connection, events(random, 2 + random.nextInt(150)));
            case 5 -> longBesideShort(connection, other, random);
            case 6 -> adjacentToCommits(connection, other, random);
            case 7 -> savepoints(connection, random);
            case 8 -> {
                write(connection, random, events(random, 1 + random.nextInt(5)));
                connection.rollback();
                return;
            }
            case 9 -> {
                message(connection, random.nextBoolean());
                write(connection, random, events(random, random.nextInt(3)));
                message(connection, true);
            }
            case 10 -> message(other, random.nextBoolean());
            default -> {} // empty
        }
        connection.commit();
    }

    private static int rows(Random random) {
        int dice = random.nextInt(100);
        if (dice == 0) {
            return 1000 + random.nextInt(2000);
        }
        return dice < 10 ? 100 + random.nextInt(300) : 2 + random.nextInt(40);
    }

    private static void longBesideShort(Connection connection, Connection other, Random random) throws Exception {
        write(connection, random, events(random, 1));
        for (int i = random.nextInt(6); i >= 0; i--) {
            insertCommitted(other, random);
            if (random.nextBoolean()) {
                write(connection, random, events(random, 1 + random.nextInt(20)));
            }
        }
    }

    /**
     * The older transaction's next change starts exactly at the end of the other's commit record, without interference.
     */
    private static void adjacentToCommits(Connection connection, Connection other, Random random) throws Exception {
        execute(connection, "select pg_current_xact_id()");
        for (int i = 0; i < 3; i++) {
            insertCommitted(other, random);
            write(connection, random, events(random, 1));
        }
    }

    private static void insertCommitted(Connection other, Random random) throws SQLException {
        other.setAutoCommit(false);
        write(other, random, events(random, 1));
        other.commit();
        other.setAutoCommit(true);
    }

    private static void savepoints(Connection connection, Random random) throws Exception {
        write(connection, random, events(random, 1));
        Savepoint outer = connection.setSavepoint();
        write(connection, random, events(random, 1 + random.nextInt(4)));
        Savepoint inner = connection.setSavepoint();
        write(connection, random, events(random, 1));
        connection.rollback(random.nextBoolean() ? inner : outer);
        write(connection, random, events(random, random.nextInt(3)));
    }

    private static void message(Connection connection, boolean transactional) throws SQLException {
        execute(connection, "select pg_logical_emit_message(" + transactional + ", 'test', 'hello')");
    }

    private record Event(String id, String aggregateId, String payload) {}

    private static List<Event> events(Random random, int count) {
        List<Event> events = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int aggregate = Math.min(random.nextInt(AGGREGATES), random.nextInt(AGGREGATES)); // a few are busier
            byte[] bytes = new byte[10 + random.nextInt(200)];
            random.nextBytes(bytes);
            UUID id = new UUID(random.nextLong(), random.nextLong());
            events.add(new Event(
                    id.toString(),
                    "agg-" + aggregate,
                    new String(bytes, StandardCharsets.US_ASCII).replaceAll("[^ -~]|\\\\", "x")));
        }
        return events;
    }

    /** With rows or, one time in four, without. */
    private static void write(Connection connection, Random random, List<Event> events) throws SQLException {
        if (random.nextInt(4) > 0) {
            insert(connection, events);
        } else {
            emit(connection, random.nextBoolean() ? "text" : "bytea", events);
        }
    }

    /** The database generates the ids. */
    private static void emit(Connection connection, String payloadType, List<Event> events) throws SQLException {
        List<Event> emitted = new ArrayList<>();
        String payload = payloadType.equals("bytea") ? "convert_to(p, 'UTF8')" : "p";
        try (PreparedStatement emit = connection.prepareStatement("select outbox.emit('order', a, 'emitted', " + payload
                + ")::text from unnest(?::text[], ?::text[]) as e (a, p)")) {
            emit.setArray(
                    1,
                    connection.createArrayOf(
                            "text", events.stream().map(Event::aggregateId).toArray()));
            emit.setArray(
                    2,
                    connection.createArrayOf(
                            "text", events.stream().map(Event::payload).toArray()));
            try (ResultSet ids = emit.executeQuery()) {
                for (Event event : events) {
                    ids.next();
                    emitted.add(new Event(ids.getString(1), event.aggregateId(), event.payload()));
                }
            }
        }
        audit(connection, emitted);
    }

    private static void insert(Connection connection, List<Event> events) throws SQLException {
        if (events.isEmpty()) {
            return;
        }
        String rows = "(?::uuid, 'order', ?, 'changed', ?),".repeat(events.size());
        try (PreparedStatement insert =
                connection.prepareStatement("insert into outbox.event (id, aggregate_type, aggregate_id, event_type,"
                        + " payload) values " + rows.substring(0, rows.length() - 1))) {
            int parameter = 1;
            for (Event event : events) {
                insert.setString(parameter++, event.id());
                insert.setString(parameter++, event.aggregateId());
                insert.setString(parameter++, event.payload());
            }
            insert.executeUpdate();
        }
        audit(connection, events);
    }

    private static void copy(Connection connection, List<Event> events) throws Exception {
        StringBuilder lines = new StringBuilder();
        events.forEach(event -> lines.append(event.id())
                .append("\torder\t")
                .append(event.aggregateId())
                .append("\tcopied\t")
                .append(event.payload())
                .append('\n'));
        connection
                .unwrap(PGConnection.class)
                .getCopyAPI()
                .copyIn(
                        "copy outbox.event (id, aggregate_type, aggregate_id, event_type, payload) from stdin",
                        new StringReader(lines.toString()));
        audit(connection, events);
    }

    private static void audit(Connection connection, List<Event> events) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(
                "insert into audit.entry (event_id, aggregate_id) select * from" + " unnest(?::uuid[], ?::text[])")) {
            insert.setArray(
                    1,
                    connection.createArrayOf(
                            "uuid", events.stream().map(Event::id).toArray()));
            insert.setArray(
                    2,
                    connection.createArrayOf(
                            "text", events.stream().map(Event::aggregateId).toArray()));
            insert.executeUpdate();
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    public long seed() {
        return seed;
    }

    /** Stops the writers of a server that was killed. Their failures are due to the kill. */
    public void abandon() throws InterruptedException {
        stopping = true;
        writers.shutdown();
        if (!writers.awaitTermination(60, TimeUnit.SECONDS)) {
            throw new AssertionError("a writer hangs although its server has ended");
        }
    }

    /** Stops the writers and reports their failures. */
    @Override
    public void close() throws Exception {
        stopping = true;
        writers.shutdown();
        for (Future<?> writer : running) {
            writer.get(60, TimeUnit.SECONDS);
        }
    }
}
