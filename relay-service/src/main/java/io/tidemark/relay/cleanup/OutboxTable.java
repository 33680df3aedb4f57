// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cleanup;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The functions of V3__partitions.sql on one session; their guarantees are documented there. One thread. */
final class OutboxTable {

    private final Connection session;

    OutboxTable(Connection session) {
        this.session = session;
    }

    /** A day's partition and the outcome: {@code made}, or why not. */
    record Made(String partition, String outcome) {}

    /** Empty when all partitions exist. */
    List<Made> makePartitions(int daysAhead, long largestDefaultBytes) throws SQLException {
        try (PreparedStatement make =
                session.prepareStatement("select made_name, outcome from outbox.make_partitions(?, ?)")) {
            make.setInt(1, daysAhead);
            make.setLong(2, largestDefaultBytes);
            List<Made> made = new ArrayList<>();
            try (ResultSet row = make.executeQuery()) {
                while (row.next()) {
                    made.add(new Made(row.getString(1), row.getString(2)));
                }
            }
            return made;
        }
    }

    /** By the server's clock, which also stamps the rows. */
    OffsetDateTime ago(Duration age) throws SQLException {
        try (PreparedStatement select = session.prepareStatement("select now() - ? * interval '1 millisecond'")) {
            select.setLong(1, age.toMillis());
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return row.getObject(1, OffsetDateTime.class);
            }
        }
    }

    /** The partitions that end by that time, oldest first. */
    List<OldPartition> partitionsUpTo(OffsetDateTime endingBy) throws SQLException {
        try (PreparedStatement select = session.prepareStatement(
                "select partition_name, lower_bound, upper_bound from outbox.partitions() where upper_bound <= ?")) {
            select.setObject(1, endingBy);
            List<OldPartition> old = new ArrayList<>();
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    old.add(new OldPartition(
                            row.getString(1),
                            row.getObject(2, OffsetDateTime.class),
                            row.getObject(3, OffsetDateTime.class)));
                }
            }
            return old;
        }
    }

    void lock(String partition, OffsetDateTime endingBy) throws SQLException {
        call("select outbox.lock_partition(?::regclass, ?)", partition, endingBy);
    }

    void drop(String partition, OffsetDateTime endingBy) throws SQLException {
        call("select outbox.drop_partition(?::regclass, ?)", partition, endingBy);
    }

    /** @return whether the partition had rows */
    boolean empty(String partition, OffsetDateTime endingBy) throws SQLException {
        return call("select outbox.empty_partition(?::regclass, ?)", partition, endingBy);
    }

    /** @return true when the function returned true; most functions return nothing */
    private boolean call(String function, String partition, OffsetDateTime endingBy) throws SQLException {
        try (PreparedStatement select = session.prepareStatement(function)) {
            select.setString(1, partition);
            select.setObject(2, endingBy);
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return "t".equals(row.getString(1));
            }
        }
    }

    /**
     * The first day from {@code from} on, and before {@code before}, that has rows in the default partition. The first
     * query of a transaction fixes what it sees.
     */
    Optional<LocalDate> oldDayInDefault(LocalDate from, LocalDate before) throws SQLException {
        try (PreparedStatement select = session.prepareStatement("select (min(created_at) at time zone 'UTC')::date"
                + " from only outbox.event_default where created_at >= ? and created_at < ?")) {
            select.setObject(1, TableDigest.startOf(from));
            select.setObject(2, TableDigest.startOf(before));
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return Optional.ofNullable(row.getObject(1, LocalDate.class));
            }
        }
    }

    /** @return how many were deleted */
    long deleteOldRows(LocalDate day, int atMost) throws SQLException {
        try (PreparedStatement delete = session.prepareStatement("select outbox.delete_old_rows(?, ?, ?)")) {
            delete.setObject(1, TableDigest.startOf(day));
            delete.setObject(2, TableDigest.startOf(day.plusDays(1)));
            delete.setInt(3, atMost);
            try (ResultSet row = delete.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    /** This session's waits must not block a writer for long, even if this process is killed meanwhile. */
    void beImpatient() throws SQLException {
        try (Statement statement = session.createStatement()) {
            statement.execute("set lock_timeout = '200ms'; set statement_timeout = '60s';"
                    + " set idle_in_transaction_session_timeout = '30s'");
        }
    }
}
