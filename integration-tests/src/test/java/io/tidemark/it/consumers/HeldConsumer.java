// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.consumers;

import io.tidemark.consumers.BatchHandler;
import io.tidemark.consumers.Event;
import io.tidemark.consumers.Projection;
import io.tidemark.consumers.ProjectionRunner;
import io.tidemark.consumers.RunnerConfig;
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

/** A program with a projection. It runs as a separate process and is held at one place, permanently or for a time. */
public final class HeldConsumer {

    /** The line that it prints when it has reached the place. */
    static final String HELD = "HELD";

    /** The advisory lock that it waits for inside a handler. */
    static final int GATE = 7;

    /** The place where it is held. */
    enum Place {
        /** The database has committed, Kafka has not: held permanently. */
        BETWEEN_COMMITS,
        /** The effect is in an open transaction: held until the gate opens. */
        IN_HANDLER,
        /** The switch to its generation is about to be committed: held permanently. */
        BEFORE_SWITCH,
        /** The switch to its generation is committed, but the program does not know: held permanently. */
        AFTER_SWITCH,
        /** Runs until it is killed. */
        NOWHERE
    }

    private HeldConsumer() {}

    /** Starts it on the world's topic and returns immediately. */
    static ChildJvm start(ProjectionWorld world, Place place) throws Exception {
        return start(world, place, 1);
    }

    static ChildJvm start(ProjectionWorld world, Place place, int generation) throws Exception {
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
                        world.name(),
                        Integer.toString(generation)),
                List.of("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                log);
    }

    public static void main(String[] args) throws Exception {
        Place place = Place.valueOf(args[0]);
        DataSource database = ProjectionWorld.dataSource(args[1] + "?ApplicationName=" + HELD, args[2], args[3]);
        AtomicBoolean hasApplied = new AtomicBoolean();
        Projection projection = Projection.ofGeneration(
                args[6],
                Integer.parseInt(args[7]),
                List.of(args[5]),
                generation -> BatchHandler.each((event, connection) -> {
                    apply(place, generation, event, connection);
                    hasApplied.set(true);
                }));
        ProjectionRunner.start(
                projection,
                RunnerConfig.of(
                        new HeldAtCommit(database, place, hasApplied), ProjectionWorld.kafkaProperties(args[4])));
        new CountDownLatch(1).await();
    }

    private static void apply(Place place, int generation, Event event, Connection connection) throws SQLException {
        AppliedLog.apply(generation, event, connection);
        if (place == Place.IN_HANDLER) {
            System.out.println(HELD);
            try (Statement gate = connection.createStatement()) {
                gate.execute("select pg_advisory_xact_lock_shared(" + GATE + ")");
            }
        }
    }

    /** Connections, one of whose commits never returns. */
    private record HeldAtCommit(DataSource database, Place place, AtomicBoolean hasApplied) implements DataSource {

        @Override
        public Connection getConnection() throws SQLException {
            Connection connection = database.getConnection();
            return (Connection) Proxy.newProxyInstance(
                    HeldConsumer.class.getClassLoader(),
                    new Class<?>[] {Connection.class},
                    (proxy, method, arguments) -> {
                        try {
                            boolean isCommit = method.getName().equals("commit");
                            holdIf(isCommit && place == Place.BEFORE_SWITCH && isSwitch());
                            Object result = method.invoke(connection, arguments);
                            holdIf(isCommit && place == Place.AFTER_SWITCH && isSwitch());
                            holdIf(isCommit && place == Place.BETWEEN_COMMITS && hasApplied.get());
                            return result;
                        } catch (InvocationTargetException e) {
                            throw e.getTargetException();
                        }
                    });
        }

        /** The thread that watches generations commits nothing else. */
        private static boolean isSwitch() {
            return Thread.currentThread().getName().endsWith("-generation");
        }

        private static void holdIf(boolean isTheTime) throws InterruptedException {
            if (isTheTime) {
                System.out.println(HELD);
                new CountDownLatch(1).await();
            }
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
