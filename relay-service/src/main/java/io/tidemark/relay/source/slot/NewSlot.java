// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source.slot;

import io.tidemark.relay.config.OutboxConfig;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.failpoint.Failpoint;
import io.tidemark.relay.source.AdvisoryLock;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceNotReady;
import io.tidemark.relay.source.slot.Walsender.MadeSlot;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Creates a replication slot. In one transaction it records where the slot began and which rows are older: each row
 * either comes through the slot or is in the record, never both and never neither (docs/adr/0017). Used once, on the
 * caller's thread.
 */
public final class NewSlot {

    private static final int ATTEMPTS = 5;
    private static final int LOCK_SECONDS = 10;
    private static final String CANCELED = "57014";

    private final PostgresConfig config;
    private final Backlog backlog;

    public NewSlot(PostgresConfig config, OutboxConfig outbox) {
        this.config = config;
        this.backlog = new Backlog(config.slot(), outbox);
    }

    /**
     * Blocks every other {@code init} and {@code adopt} of this slot for as long as the session lasts.
     *
     * @throws SourceNotReady when another one is running
     */
    public static void keepOthersAway(Connection session, String slot)
            throws SourceNotReady, SQLException, InterruptedException {
        // a session ends a moment after its client: the previous init may have just finished
        if (!AdvisoryLock.tryAcquireFor(session, slot + "/init", LOCK_SECONDS)) {
            throw new SourceNotReady("another tidemark init or adopt is making replication slot " + slot
                    + " now; nothing was changed; wait for it, then run this again");
        }
    }

    /**
     * Makes the slot. No slot of that name may exist.
     *
     * @param connection without an open transaction; the caller gets it back in the same state
     * @param decision what happens to the older rows, if already known
     * @throws SourceNotReady when open transactions prevent it; then no slot exists
     */
    public void make(Connection connection, Optional<ExistingRows.Decision> decision)
            throws SourceNotReady, SQLException {
        int networkTimeout = connection.getNetworkTimeout();
        connection.setNetworkTimeout(Runnable::run, 0); // a large outbox takes long; keepalives are on
        try {
            backlog.announce(connection);
            int attempts = 1;
            while (!makeOnce(connection, decision, attempts == ATTEMPTS)) {
                attempts++;
            }
        } finally {
            connection.setNetworkTimeout(Runnable::run, networkTimeout);
        }
    }

    /**
     * Postgres can fail after it has made the slot, if tables are changed at that moment: "tupdesc reference … is not
     * owned by resource owner" (seen on 18.6). Then the slot exists, and where it began is unknown.
     *
     * @return false when that happened, and it is not the last attempt
     */
    private boolean makeOnce(Connection connection, Optional<ExistingRows.Decision> decision, boolean isLast)
            throws SourceNotReady, SQLException {
        int version = connection.getMetaData().getDatabaseMajorVersion();
        try (Walsender walsender = Walsender.open(new SourceDatabase(config).serverOf(connection))) {
            MadeSlot made = walsender.create(config.slot(), version);
            Failpoint.AFTER_SLOT_MADE.reach();
            try {
                record(connection, made, decision);
            } catch (SQLException | SourceNotReady e) {
                drop(connection, e);
                throw e;
            }
            return true;
        } catch (SQLException e) {
            if (CANCELED.equals(e.getSQLState())) {
                throw new SourceNotReady(
                        "replication slot " + config.slot() + " cannot be made while older transactions are open: "
                                + String.join("; ", openTransactions(connection))
                                + ". There is no slot, and nothing is lost. Wait until they end, or end them (select"
                                + " pg_terminate_backend(PID), rollback prepared 'GID'), then run it again",
                        e);
            }
            if (isLast || !String.valueOf(e.getMessage()).contains("is not owned by resource owner")) {
                throw e;
            }
            drop(connection, e);
            return false;
        }
    }

    private void record(Connection connection, MadeSlot made, Optional<ExistingRows.Decision> decision)
            throws SourceNotReady, SQLException {
        int isolation = connection.getTransactionIsolation();
        connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.execute("set transaction snapshot '" + made.snapshot() + "'");
            // rows that a policy hides would be in neither set: then this must fail
            statement.execute("set local row_security = off; set local statement_timeout = 0;"
                    + " set local idle_in_transaction_session_timeout = 0");
            requireOurSlot(connection, made);
            backlog.record(connection, made.began(), decision);
            connection.commit();
        } catch (SQLException | SourceNotReady e) {
            connection.rollback();
            throw e;
        } finally {
            connection.setAutoCommit(true);
            connection.setTransactionIsolation(isolation);
        }
    }

    /** One name may lead to two servers while Postgres fails over. */
    private void requireOurSlot(Connection connection, MadeSlot made) throws SourceNotReady, SQLException {
        try (PreparedStatement select = connection.prepareStatement("select from pg_replication_slots where slot_name ="
                + " ? and database = current_database() and confirmed_flush_lsn = ?::pg_lsn")) {
            select.setString(1, config.slot());
            select.setString(2, made.began().toString());
            try (ResultSet row = select.executeQuery()) {
                if (!row.next()) {
                    throw new SourceNotReady("postgres.url leads to two servers: replication slot " + config.slot()
                            + " was made at " + made.began() + " on one, and is not on the other; nothing is published"
                            + " from it. Let postgres.url lead to the primary only, then run it again");
                }
            }
        }
    }

    /** Drops the slot if possible. If not, the record is missing and the next {@code init} detects the interruption. */
    private void drop(Connection connection, Exception why) {
        try (PreparedStatement drop = connection.prepareStatement("select pg_drop_replication_slot(slot_name) from"
                + " pg_replication_slots where slot_name = ? and database = current_database()")) {
            drop.setString(1, config.slot());
            drop.execute();
        } catch (SQLException e) {
            why.addSuppressed(e);
        }
    }

    private static List<String> openTransactions(Connection connection) throws SQLException {
        List<String> found = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery("select format('PID %s (user %s, application %s, since %s)', pid,"
                                + " usename, application_name, xact_start) from pg_stat_activity where backend_xid is not null"
                                + " and pid <> pg_backend_pid() union all select format('GID %s (prepared, user %s, since %s)',"
                                + " gid, owner, prepared) from pg_prepared_xacts limit 5")) {
            while (row.next()) {
                found.add(row.getString(1));
            }
        }
        return found.isEmpty() ? List.of("they have ended by now") : found;
    }
}
