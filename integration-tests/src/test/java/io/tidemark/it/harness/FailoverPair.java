// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tidemark.outbox.Lsn;
import io.tidemark.quickstart.stack.FreePorts;
import io.tidemark.quickstart.stack.PostgresServer;
import io.tidemark.quickstart.stack.PostgresStandby;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A primary with a source, and a streaming standby for failover. The source's URL has both. */
public final class FailoverPair implements AutoCloseable {

    /** The standby's physical slot. */
    public static final String STANDBY = "standby_1";

    private static final String SECOND = "standby_2";
    private static final String RECEIVED = "select pg_last_wal_receive_lsn()::text";

    private final Path dir;
    private final PostgresServer primary;
    private final PostgresServer standby;
    private final TestSource source;
    private final List<PostgresServer> restarted = new ArrayList<>();

    private FailoverPair(Path dir, PostgresServer primary, PostgresServer standby, TestSource source) {
        this.dir = dir;
        this.primary = primary;
        this.standby = standby;
        this.source = source;
    }

    public static FailoverPair create(
            Path dir, Map<String, String> primarySettings, Map<String, String> standbySettings) throws Exception {
        PostgresServer primary = PostgresServer.start(dir.resolve("primary"), FreePorts.next(), primarySettings);
        PostgresServer standby =
                PostgresStandby.start(primary, STANDBY, dir.resolve("standby"), FreePorts.next(), standbySettings);
        TestSource source = TestSource.create("failover", Servers.with(primary, standby));
        return new FailoverPair(dir, primary, standby, source);
    }

    /** Whether a standby can have our slot: Postgres 17 or newer. */
    public static boolean canSyncSlots() throws SQLException {
        try (Connection connection = Servers.shared().connect("postgres")) {
            return connection.getMetaData().getDatabaseMajorVersion() >= 17;
        }
    }

    public TestSource source() {
        return source;
    }

    /**
     * Returns when the standby has a usable copy of our slot; a relay must be using the slot. A standby synchronizes a
     * slot only once the slot holds back no more than the standby itself, which it learns from snapshots in the WAL. Ends
     * the test as skipped where there are no such slots.
     */
    public void awaitSyncedSlot() throws SQLException {
        assumeTrue(canSyncSlots(), "failover slots need Postgres 17");
        await("synced slot").until(() -> {
            source.execute("select pg_log_standby_snapshot()", "select outbox.nudge()");
            return onStandby("select exists (select from pg_replication_slots where slot_name = '" + source.name()
                            + "' and synced and failover and not temporary)")
                    .equals("t");
        });
    }

    /** Returns when the standby has the WAL up to this LSN. */
    public void awaitReceived(Lsn lsn) {
        await("standby at " + lsn).until(() -> Lsn.parse(onStandby(RECEIVED)).isAtLeast(lsn));
    }

    /** From now on the standby does not receive the primary's writes. */
    public void cutStandbyOff() {
        PostgresStandby.stopReceiving(standby);
    }

    /** The primary dies, and the standby takes over. */
    public void failOver() {
        primary.killNow();
        promote();
    }

    public void killPrimary() {
        primary.killNow();
    }

    public void promote() {
        PostgresStandby.promote(standby);
    }

    /** A standby of the promoted server; closed with the pair. */
    public Servers followPromoted() {
        PostgresServer second =
                PostgresStandby.start(standby, SECOND, dir.resolve("second"), FreePorts.next(), Map.of());
        restarted.add(second);
        return Servers.with(second);
    }

    /** A second standby of the primary; closed with the pair. */
    public Servers secondStandby() {
        PostgresServer second =
                PostgresStandby.start(primary, SECOND, dir.resolve("second"), FreePorts.next(), Map.of());
        restarted.add(second);
        return Servers.with(second);
    }

    /**
     * From now on neither standby receives the primary's writes. The second one must not have more WAL than the first:
     * a standby with WAL beyond the point of a promotion can never follow it.
     */
    public void cutBothOff() throws SQLException {
        PostgresServer second = restarted.get(0);
        PostgresStandby.stopReceiving(second);
        awaitReceived(Lsn.parse(on(second, RECEIVED)));
        cutStandbyOff();
    }

    /** Lets the second standby follow the promoted one, and keeps it running. */
    public void repointSecond() throws SQLException {
        onStandby("select pg_create_physical_replication_slot('" + SECOND + "', true)::text");
        try (Connection connection = restarted.get(0).connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("alter system set primary_conninfo = 'host=127.0.0.1 port=" + standby.port() + " user="
                    + PostgresServer.USER + " password=" + PostgresServer.PASSWORD + " dbname=postgres'");
            statement.execute("select pg_reload_conf()");
        }
    }

    /** Stops the server that {@link #followPromoted} started. */
    public void stopFollower() {
        restarted.get(restarted.size() - 1).close();
    }

    /** The address of the standby only. */
    public Servers standby() {
        return Servers.with(standby);
    }

    /** The LSN at which the promoted standby left timeline 1, from its history file. */
    public Lsn switchPoint() throws SQLException {
        return Lsn.parse(onStandby("select split_part(pg_read_file('pg_wal/00000002.history'), E'\\t', 2)"));
    }

    /** Starts the dead primary again, alone, at another address. */
    public TestSource restartOldPrimary() {
        PostgresServer old = PostgresServer.start(dir.resolve("primary"), FreePorts.next(), Map.of());
        restarted.add(old);
        return source.on(Servers.with(old));
    }

    private String onStandby(String query) throws SQLException {
        return on(standby, query);
    }

    private static String on(PostgresServer server, String query) throws SQLException {
        try (Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getString(1);
        }
    }

    @Override
    public void close() {
        restarted.forEach(PostgresServer::close);
        standby.close();
        primary.close();
    }
}
