// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.stack;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A streaming standby of a {@link PostgresServer}, created with the low-level backup API, because the binaries do not
 * include pg_basebackup. From Postgres 17 on, it also synchronizes failover slots.
 */
public final class PostgresStandby {

    private PostgresStandby() {}

    /**
     * Creates a standby in {@code dir}, which must be empty. Returns when it accepts connections.
     *
     * @param name name of its physical slot; the slot is created if it does not exist
     * @param settings added to the default settings
     */
    public static PostgresServer start(
            PostgresServer primary, String name, Path dir, int port, Map<String, String> settings) {
        try (Connection connection = primary.connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("select pg_create_physical_replication_slot('" + name
                    + "', true) where not exists (select from pg_replication_slots where slot_name = '" + name + "')");
            statement.execute("select pg_backup_start('" + name + "', true)");
            PostgresData.copyHot(primary.data(), dir);
            try (ResultSet row = statement.executeQuery("select labelfile from pg_backup_stop(false)")) {
                row.next();
                follow(primary, name, dir, row.getString(1));
            }
        } catch (SQLException | IOException e) {
            throw new StackException("cannot create a standby of Postgres: " + e.getMessage(), e);
        }
        Map<String, String> all = new LinkedHashMap<>();
        all.put("hot_standby_feedback", "on");
        if (majorVersion(primary) >= 17) {
            all.put("sync_replication_slots", "on");
        }
        all.putAll(settings);
        return PostgresServer.start(dir, port, all);
    }

    private static int majorVersion(PostgresServer server) {
        try {
            return Integer.parseInt(
                    Files.readString(server.data().resolve("PG_VERSION")).strip());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes to {@code postgresql.auto.conf}, where {@code alter system} can change it later. */
    private static void follow(PostgresServer primary, String name, Path dir, String label) throws IOException {
        PostgresUser user = PostgresUser.detect();
        Path data = user.reachable(dir).resolve("data");
        Files.writeString(data.resolve("backup_label"), label);
        Files.createFile(data.resolve("standby.signal"));
        Files.writeString(
                data.resolve("postgresql.auto.conf"),
                "primary_conninfo = 'host=127.0.0.1 port=" + primary.port() + " user=" + PostgresServer.USER
                        + " password=" + PostgresServer.PASSWORD + " dbname=postgres'\nprimary_slot_name = '" + name
                        + "'\n",
                StandardOpenOption.APPEND);
        user.own(data);
    }

    /** Promotes it to a primary on a new timeline. Returns when it accepts writes. */
    public static void promote(PostgresServer standby) {
        try (Connection connection = standby.connect("postgres");
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select pg_promote(true, 60)")) {
            if (!row.next() || !row.getBoolean(1)) {
                throw new StackException("the standby was not promoted within 60 s");
            }
        } catch (SQLException e) {
            throw new StackException("cannot promote the standby: " + e.getMessage(), e);
        }
    }

    /** Disconnects it from its primary. Returns when it receives no more WAL. */
    public static void stopReceiving(PostgresServer standby) {
        try (Connection connection = standby.connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("alter system set primary_conninfo = ''");
            statement.execute("select pg_reload_conf()");
            statement.execute("do $$ begin for i in 1..600 loop if not exists (select from pg_stat_wal_receiver) then"
                    + " return; end if; perform pg_sleep(0.1); end loop;"
                    + " raise exception 'the walreceiver is still there'; end $$");
        } catch (SQLException e) {
            throw new StackException("cannot disconnect the standby: " + e.getMessage(), e);
        }
    }
}
