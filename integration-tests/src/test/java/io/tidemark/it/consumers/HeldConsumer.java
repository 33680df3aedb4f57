package io.tidemark.it.consumers;

import io.tidemark.consumers.projection.Event;
import io.tidemark.consumers.projection.Projection;
import io.tidemark.consumers.projection.ProjectionRunner;
import io.tidemark.consumers.projection.RunnerConfig;
import io.tidemark.quickstart.stack.ChildJvm;
import java.io.PrintWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** A program with a projection, to be run as a process of its own and stopped at one place, for good or for a while. */
public final class HeldConsumer {

    /** What it prints once it is there. */
    static final String HELD = "HELD";

    /** The advisory lock it waits for inside a handler. */
    static final int GATE = 7;

    /** Where it stops. */
    enum Place {
        /** The database has committed, Kafka does not know: stays there for good. */
        BETWEEN_COMMITS,
        /** The effect is in an open transaction: until the gate opens. */
        IN_HANDLER
    }

    private HeldConsumer() {}

    /** Starts it on the world's topic; returns at once. */
    static ChildJvm start(ProjectionWorld world, Place place) throws Exception {
        Path log = Files.createTempFile("held-consumer", ".log");
        return ChildJvm.start(
                "consumer",
                HeldConsumer.class.getName(),
                List.of(
                        place.name(),
                        world.url(),
                        world.servers().user(),
                        world.servers().password(),
                        world.bootstrapServers(),
                        world.topic(),
                        world.name()),
                List.of("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                log);
    }

    public static void main(String[] args) throws Exception {
        Place place = Place.valueOf(args[0]);
        DataSource database = ProjectionWorld.dataSource(args[1] + "?ApplicationName=" + HELD, args[2], args[3]);
        AtomicBoolean hasApplied = new AtomicBoolean();
        Projection projection = Projection.of(args[6], List.of(args[5]), (event, connection) -> {
            apply(place, event, connection);
            hasApplied.set(true);
        });
        ProjectionRunner.start(
                projection,
                RunnerConfig.of(
                        place == Place.BETWEEN_COMMITS ? new HeldAfterCommit(database, hasApplied) : database,
                        ProjectionWorld.kafkaProperties(args[4])));
        new CountDownLatch(1).await();
    }

    private static void apply(Place place, Event event, Connection connection) throws SQLException {
        AppliedLog.apply(event, connection);
        if (place == Place.IN_HANDLER) {
            System.out.println(HELD);
            try (Statement gate = connection.createStatement()) {
                gate.execute("select pg_advisory_xact_lock_shared(" + GATE + ")");
            }
        }
    }

    /** Connections whose commit, once something was applied, never returns. */
    private record HeldAfterCommit(DataSource database, AtomicBoolean hasApplied) implements DataSource {

        @Override
        public Connection getConnection() throws SQLException {
            Connection connection = database.getConnection();
            return (Connection) Proxy.newProxyInstance(
                    HeldConsumer.class.getClassLoader(),
                    new Class<?>[] {Connection.class},
                    (proxy, method, arguments) -> {
                        try {
                            Object result = method.invoke(connection, arguments);
                            if (method.getName().equals("commit") && hasApplied.get()) {
                                System.out.println(HELD);
                                new CountDownLatch(1).await();
                            }
                            return result;
                        } catch (InvocationTargetException e) {
                            throw e.getTargetException();
                        }
                    });
        }

        @Override
        public Connection getConnection(String user, String password) throws SQLException {
            return database.getConnection(user, password);
        }

        @Override
        public @Nullable PrintWriter getLogWriter() throws SQLException {
            return database.getLogWriter();
        }

        @Override
        public void setLogWriter(@Nullable PrintWriter writer) throws SQLException {
            database.setLogWriter(writer);
        }

        @Override
        public void setLoginTimeout(int seconds) throws SQLException {
            database.setLoginTimeout(seconds);
        }

        @Override
        public int getLoginTimeout() throws SQLException {
            return database.getLoginTimeout();
        }

        @Override
        public Logger getParentLogger() throws SQLFeatureNotSupportedException {
            return database.getParentLogger();
        }

        @Override
        public <T> T unwrap(Class<T> type) throws SQLException {
            return database.unwrap(type);
        }

        @Override
        public boolean isWrapperFor(Class<?> type) throws SQLException {
            return database.isWrapperFor(type);
        }
    }
}
