// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.bench;

import io.tidemark.outbox.OutboxEvent;
import io.tidemark.outbox.OutboxWriter;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.Tokens;
import io.tidemark.quickstart.stack.PostgresServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Locale;
import java.util.Random;

/** Writes numbered events, each in its own transaction, on one connection. One thread. */
final class EventWriter implements AutoCloseable {

    static final String DATABASE = "bench";
    static final String TOPIC = "outbox.bench";
    /** Number of aggregates; a multiple of {@link PacedLoad#WRITERS}. */
    static final int AGGREGATES = 1000;

    private static final String AGGREGATE_TYPE = "bench";
    private static final String EVENT_TYPE = "Benched";

    private final Connection connection;
    private final int payloadBytes;
    private final String text;
    private final OutboxWriter outbox = new OutboxWriter();

    EventWriter(PostgresServer postgres, int payloadBytes) throws SQLException {
        this.connection = postgres.connect(DATABASE); // with auto-commit, each statement is a transaction
        this.payloadBytes = payloadBytes;
        this.text = new Random(payloadBytes)
                .ints(payloadBytes, 'a', 'z' + 1)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString(); // random, because Postgres compresses repeated bytes
    }

    /** Creates a table whose rows are not events. */
    static void installUnrelated(PostgresServer postgres) throws SQLException {
        try (Connection connection = postgres.connect(DATABASE);
                Statement statement = connection.createStatement()) {
            statement.execute("create table unrelated (at timestamptz not null default now())");
        }
    }

    static String aggregateOf(int number) {
        return "a-" + number % AGGREGATES;
    }

    /** The number at the beginning of a payload. */
    static int numberOf(byte[] payload) {
        int number = 0;
        for (int i = 0; payload[i] != ' '; i++) {
            number = 10 * number + payload[i] - '0';
        }
        return number;
    }

    /**
     * Writes events inside the server, in one round trip and without waiting for the disk. This is not measured.
     */
    void fill(int first, int count) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("set synchronous_commit = off");
            statement.execute(String.format(
                    Locale.ROOT,
                    """
                    do $$ declare body text := '%s'; begin
                      for number in %d .. %d loop
                        perform outbox.publish('%s', 'a-' || number %% %d, '%s', left(number || ' ' || body, %d));
                        commit;
                      end loop;
                    end $$
                    """,
                    text,
                    first,
                    first + count - 1,
                    AGGREGATE_TYPE,
                    AGGREGATES,
                    EVENT_TYPE,
                    payloadBytes));
            statement.execute("set synchronous_commit = on");
        }
    }

    /** Returns when the event is committed. */
    void write(int number, String aggregate) throws SQLException {
        String payload = (number + " " + text).substring(0, payloadBytes);
        outbox.publish(connection, OutboxEvent.of(AGGREGATE_TYPE, aggregate, EVENT_TYPE, payload));
    }

    /** A commit without an event. */
    void writeUnrelated() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("insert into unrelated default values");
        }
    }

    /** Covers everything this writer has committed. */
    Token token() throws SQLException {
        return Tokens.current(connection);
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
