// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.benchmark.peer;

import io.tidemark.it.harness.TestSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Collectors;

/** Tables of events, and their writer. Unless noted otherwise, every event is a separate transaction. */
final class OutboxTable {

    /** The columns of Debezium's outbox event router; {@code seq} is for the relay that polls. */
    static final String DEBEZIUM = "create table public.outboxevent (id uuid primary key default gen_random_uuid(), seq"
            + " bigserial, aggregatetype varchar(255) not null, aggregateid varchar(255) not null, type varchar(255)"
            + " not null, payload text)";

    static final String INSERT_DEBEZIUM = "insert into outboxevent (aggregatetype, aggregateid, type, payload)";
    static final String INSERT_OWN = "insert into outbox.event (aggregate_type, aggregate_id, event_type, payload)";

    static final String AGGREGATE_TYPE = "order";
    private static final int AGGREGATES = 1000;
    private static final int STEP = 20_000;

    private OutboxTable() {}

    /** Random letters, because Postgres compresses repeated ones. */
    static String body(int bytes) {
        return new Random(bytes)
                .ints(bytes, 'a', 'z' + 1)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    /**
     * Writes events inside the server, without waiting for its disk.
     *
     * @param types number of aggregate types; the first is {@value #AGGREGATE_TYPE}
     * @param rows number of events in each transaction
     */
    static void fill(TestSource source, String insert, int types, int events, int rows, int payloadBytes)
            throws SQLException {
        try (Connection connection = source.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("set synchronous_commit = off");
            for (int first = 0; first < events; first += STEP) {
                int last = Math.min(events, first + STEP) - 1;
                statement.execute(String.format(
                        Locale.ROOT,
                        """
                        do $$ declare body text := '%s'; begin
                          for n in %d .. %d loop
                            %s values ((array[%s])[n %% %d + 1], 'a-' || n %% %d, 't', left(n || ' ' || body, %d));
                            if n %% %d = 0 or n = %d then commit; end if;
                          end loop;
                        end $$
                        """,
                        body(payloadBytes),
                        first,
                        last,
                        insert,
                        types(types).stream().collect(Collectors.joining("', '", "'", "'")),
                        types,
                        AGGREGATES,
                        payloadBytes,
                        rows,
                        last));
            }
        }
    }

    /** The first of these aggregate types. */
    static List<String> types(int count) {
        List<String> types = new ArrayList<>(List.of(AGGREGATE_TYPE));
        for (int i = 1; i < count; i++) {
            types.add(AGGREGATE_TYPE + i);
        }
        return types;
    }

    /** One event with this number at the beginning of its payload. */
    static PreparedStatement insertOne(Connection connection, String insert) throws SQLException {
        return connection.prepareStatement(insert + " values ('" + AGGREGATE_TYPE + "', ?, 't', ?)");
    }

    static String aggregate(long number) {
        return "a-" + number % AGGREGATES;
    }

    /** The number at the beginning of a payload. */
    static long numberOf(byte[] payload) {
        long number = 0;
        for (int i = 0; payload[i] != ' '; i++) {
            number = 10 * number + payload[i] - '0';
        }
        return number;
    }
}
