// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.it.harness.Servers;
import io.tidemark.it.harness.TestSource;
import io.tidemark.outbox.EventHeaders;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Migration;
import io.tidemark.outbox.OutboxEvent;
import io.tidemark.outbox.OutboxWriter;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.Tokens;
import io.tidemark.relay.preflight.Preflight;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The SQL side of the contract: valid events, rights of the roles, and correct tokens. */
class OutboxSchemaIT {

    private static TestSource source;
    private final OutboxWriter writer = new OutboxWriter();

    @BeforeAll
    static void install() throws Exception {
        source = TestSource.create("schema");
    }

    @AfterAll
    static void drop() throws Exception {
        source.close();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            select outbox.publish('or der', '1', 't', 'x')                        | aggregate_type_is_letters
            select outbox.publish('', '1', 't', 'x')                              | aggregate_type_is_letters
            select outbox.publish('.', '1', 't', 'x')                             | aggregate_type_is_letters
            select outbox.publish(repeat('a', 201), '1', 't', 'x')                | aggregate_type_is_letters
            select outbox.publish('order', '', 't', 'x')                          | aggregate_id_is_1_to_1024_bytes
            select outbox.publish('order', repeat('ü', 513), 't', 'x')            | aggregate_id_is_1_to_1024_bytes
            select outbox.publish('order', '1', '', 'x')                          | event_type_is_1_to_255_bytes
            select outbox.publish('order', '1', 't', repeat('x', 921601))         | payload_is_at_most_900_kib
            select outbox.publish('order', '1', 't', 'x', headers => '{"tidemark-x": "y"}') | headers_are_strings_without_reserved
            select outbox.publish('order', '1', 't', 'x', headers => '{"ID": "y"}')         | headers_are_strings_without_reserved
            select outbox.publish('order', '1', 't', 'x', headers => '{"a": 1}')            | headers_are_strings_without_reserved
            select outbox.publish('order', '1', 't', 'x', headers => '["a"]')               | headers_are_strings_without_reserved
            select outbox.publish('order', '1', 't', 'x', headers => '{"": "y"}')           | headers_are_strings_without_reserved
            select outbox.publish('order', '1', 't', 'x', content_type => '')               | content_type_is_1_to_255_bytes
            insert into outbox.event (aggregate_type, aggregate_id, event_type, payload, payload_binary) values ('a', 'b', 'c', 'd', 'e') | payload_or_payload_binary_but_not_both
            insert into outbox.event (aggregate_type, aggregate_id, event_type, payload, created_at) values ('a', 'b', 'c', 'd', 'infinity') | created_at_is_between_1970_and_9999
            insert into outbox.event (aggregate_type, aggregate_id, event_type, payload, created_at) values ('a', 'b', 'c', 'd', '1969-12-31') | created_at_is_between_1970_and_9999
            """)
    void rejectsABadRowAtInsertAndNamesTheRule(String sql, String constraint) {
        assertThatThrownBy(() -> source.execute(sql))
                .isInstanceOf(SQLException.class)
                .hasMessageContaining(constraint)
                .satisfies(e -> assertThat(((SQLException) e).getSQLState()).isEqualTo("23514"));
    }

    /** The same rules for both: outbox.emit() rejects what the table's constraints reject, with the same name. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            'or der', '1', 't', 'x'                                  | aggregate_type_is_letters
            '', '1', 't', 'x'                                        | aggregate_type_is_letters
            repeat('a', 201), '1', 't', 'x'                          | aggregate_type_is_letters
            E'order\\n', '1', 't', 'x'                               | aggregate_type_is_letters
            'order', '', 't', 'x'                                    | aggregate_id_is_1_to_1024_bytes
            'order', repeat('ü', 513), 't', 'x'                      | aggregate_id_is_1_to_1024_bytes
            'order', '1', '', 'x'                                    | event_type_is_1_to_255_bytes
            'order', '1', repeat('e', 256), 'x'                      | event_type_is_1_to_255_bytes
            'order', '1', 't', repeat('x', 921601)                   | payload_is_at_most_900_kib
            'order', '1', 't', to_jsonb(repeat('x', 921600))         | payload_is_at_most_900_kib
            'order', '1', 't', decode(repeat('00', 921601), 'hex')   | payload_binary_is_at_most_900_kib
            'order', '1', 't', 'x', headers => '{"tidemark-x": "y"}' | headers_are_strings_without_reserved_names
            'order', '1', 't', 'x', headers => '{"ID": "y"}'         | headers_are_strings_without_reserved_names
            'order', '1', 't', 'x', headers => '{"a": 1}'            | headers_are_strings_without_reserved_names
            'order', '1', 't', 'x', headers => '["a"]'               | headers_are_strings_without_reserved_names
            'order', '1', 't', 'x', headers => '{"": "y"}'           | headers_are_strings_without_reserved_names
            'order', '1', 't', 'x', headers => jsonb_build_object('h', repeat('x', 32768)) | headers_are_at_most_32_kib
            'order', '1', 't', 'x', content_type => ''               | content_type_is_1_to_255_bytes
            'order', '1', 't', 'x', content_type => repeat('x', 256) | content_type_is_1_to_255_bytes
            'order', '1', 't', 'x', traceparent => repeat('x', 256)  | traceparent_is_at_most_255_bytes
            'order', '1', 't', 'x', tracestate => repeat('x', 2049)  | tracestate_is_at_most_2048_bytes
            null, '1', 't', 'x'                                      | aggregate_type
            'order', null, 't', 'x'                                  | aggregate_id
            'order', '1', null, 'x'                                  | event_type
            """)
    void publishAndEmitRejectTheSameWithTheSameName(String arguments, String rule) {
        String state = arguments.contains("null") ? "23502" : "23514";
        for (String function : List.of("publish", "emit")) {
            assertThatThrownBy(() -> source.execute("select outbox." + function + "(" + arguments + ")"))
                    .as(function)
                    .isInstanceOf(SQLException.class)
                    .hasMessageContaining(rule)
                    .satisfies(e -> assertThat(((SQLException) e).getSQLState()).isEqualTo(state));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "repeat('a', 200), repeat('i', 1024), repeat('e', 255), repeat('x', 921600)",
                "'order', '1', 't', decode(repeat('00', 921600), 'hex')",
                "'order', '1', 't', null::text",
                "'order', '1', 't', '', headers => '{}', content_type => repeat('c', 255), traceparent => repeat('p', 255),"
                        + " tracestate => repeat('s', 2048)"
            })
    void publishAndEmitAcceptTheSame(String arguments) throws Exception {
        for (String function : List.of("publish", "emit")) {
            assertThat(source.query("select outbox." + function + "(" + arguments + ")"))
                    .hasSize(36);
        }
    }

    /** So only roles with the right to call outbox.emit() can write an event. */
    @Test
    void emitDoesNotNeedTheCallersRightToWriteMessages() throws Exception {
        String function = source.query("select string_agg(oid::regprocedure::text, ', ') from pg_proc where proname ="
                + " 'pg_logical_emit_message'");
        String message = "select pg_logical_emit_message(true, 'tidemark.event', '')";
        try {
            source.execute(
                    "revoke execute on function " + function + " from public",
                    "grant execute on function " + function + " to tidemark_relay");

            source.execute("set role outbox_writer", "select outbox.emit('order', '1', 't', 'x')");
            source.execute("set role tidemark_relay", "select outbox.nudge()");
            assertThatThrownBy(() -> source.execute("set role outbox_writer", message))
                    .isInstanceOf(SQLException.class)
                    .hasMessageContaining("permission denied");
        } finally {
            source.execute("grant execute on function " + function + " to public");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"id", "Type", "content-type", "TRACEPARENT", "tracestate", "Tidemark-Position", "ce_id", "tenant"
            })
    void sqlAndJavaAgreeOnReservedHeaders(String name) throws Exception {
        String valid = source.query("select outbox.valid_headers(jsonb_build_object('" + name + "', 'x'))::text");

        assertThat(valid.equals("true")).isEqualTo(!EventHeaders.isReserved(name));
    }

    @Test
    void insertsIntoTheDefaultPartitionAtAnyTime() throws Exception {
        source.execute("insert into outbox.event (aggregate_type, aggregate_id, event_type, payload, created_at)"
                + " values ('a', 'future', 'c', 'd', '2999-01-01')");

        assertThat(source.query("select tableoid::regclass from outbox.event where aggregate_id = 'future'"))
                .isEqualTo("outbox.event_default");
    }

    @Test
    void writesEveryFieldFromJava() throws Exception {
        String id;
        try (Connection connection = source.connect()) {
            connection.setAutoCommit(false);
            id = writer.publish(
                            connection,
                            OutboxEvent.of("order", "42", "Placed", "{\"ü\": \"😀\"}")
                                    .withContentType("application/json")
                                    .withHeaders(Map.of("tenant", "a \"b\" \\ c"))
                                    .withTrace("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "k=v"))
                    .toString();
            connection.commit();
        }

        assertThat(source.query("select concat_ws('|', aggregate_type, aggregate_id, event_type, payload, content_type,"
                        + " headers ->> 'tenant', traceparent, tracestate) from outbox.event where id = '" + id + "'"))
                .isEqualTo("order|42|Placed|{\"ü\": \"😀\"}|application/json|a \"b\" \\ c"
                        + "|00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01|k=v");
    }

    @Test
    void rejectsATokenInsideAWritingTransaction() throws Exception {
        try (Connection connection = source.connect()) {
            connection.setAutoCommit(false);
            writer.publish(connection, OutboxEvent.of("order", "1", "t", "x"));

            assertThatThrownBy(() -> Tokens.current(connection))
                    .isInstanceOf(SQLException.class)
                    .hasMessageContaining("inside a transaction that has already written")
                    .hasMessageContaining("Commit first")
                    .satisfies(e -> assertThat(((SQLException) e).getSQLState()).isEqualTo("25001"));
        }
    }

    /**
     * The commit LSN is read from the truth slot. With the flush LSN instead, asynchronous commits would break this.
     */
    @ParameterizedTest
    @ValueSource(strings = {"on", "off", "local"})
    void tokenCoversTheCommitBeforeIt(String synchronousCommit) throws Exception {
        Token[] tokens = new Token[50];
        String[] ids = new String[tokens.length];
        try (Connection connection = source.connect();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            for (int i = 0; i < tokens.length; i++) {
                statement.execute("set local synchronous_commit = " + synchronousCommit);
                ids[i] = writer.publish(connection, OutboxEvent.of("order", "1", "t", "x"))
                        .toString();
                statement.execute("insert into audit.entry (event_id, aggregate_id) values ('" + ids[i] + "', '1')");
                connection.commit();
                tokens[i] = Tokens.current(connection);
                connection.commit();
            }
        }
        source.execute("select pg_switch_wal()"); // so that the truth slot sees what is not flushed yet
        Map<String, Lsn> commits = new HashMap<>();
        source.committedEvents().forEach(event -> commits.put(event.id(), event.commitLsn()));

        for (int i = 0; i < tokens.length; i++) {
            Lsn token = tokens[i].parts().get(0).lsn();
            assertThat(token).isGreaterThanOrEqualTo(commits.get(ids[i]));
        }
    }

    @Test
    void nudgeIsBeyondEveryTokenBeforeIt() throws Exception {
        Token token;
        try (Connection connection = source.connect()) {
            token = Tokens.current(connection);
        }

        Lsn nudge = Lsn.parse(source.query("select outbox.nudge()::text"));

        assertThat(nudge).isGreaterThan(token.parts().get(0).lsn());
        assertThat(token.parts().get(0).source()).isEqualTo(source.sourceId());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            outbox_writer  | select outbox.publish('order', '1', 't', 'x')          | true
            outbox_writer  | select outbox.publish('order', '1', 't', 'x'::bytea)   | true
            outbox_writer  | select outbox.publish('order', '1', 't', '{}'::jsonb)  | true
            outbox_writer  | select outbox.emit('order', '1', 't', 'x')             | true
            outbox_writer  | select outbox.emit('order', '1', 't', 'x'::bytea)      | true
            outbox_writer  | select outbox.emit('order', '1', 't', '{}'::jsonb)     | true
            outbox_writer  | select outbox.token()                                  | true
            outbox_writer  | insert into outbox.event (aggregate_type, aggregate_id, event_type) values ('a', 'b', 'c') | true
            outbox_writer  | select payload from outbox.event                       | false
            outbox_writer  | update outbox.event set payload = 'y'                  | false
            outbox_writer  | delete from outbox.event                               | false
            outbox_writer  | select outbox.nudge()                                  | false
            outbox_writer  | update outbox.source set id = '00000000'               | false
            tidemark_relay | select count(*) from outbox.event                      | true
            tidemark_relay | select * from outbox.slot                              | true
            tidemark_relay | select outbox.nudge()                                  | true
            tidemark_relay | select outbox.publish('order', '1', 't', 'x')          | false
            tidemark_relay | select outbox.emit('order', '1', 't', 'x')             | false
            tidemark_relay | delete from outbox.event                               | false
            tidemark_relay | select * from outbox.make_partitions(7)                | true
            tidemark_relay | select * from outbox.partitions()                      | true
            tidemark_relay | truncate outbox.event                                  | false
            tidemark_relay | select outbox.require_old_partition('outbox.event_default', now()) | false
            outbox_writer  | select * from outbox.make_partitions(7)                | false
            outbox_writer  | select outbox.drop_partition('outbox.event_default', now()) | false
            outbox_writer  | select outbox.delete_old_rows(now(), now(), 1)         | false
            nobody_special | select outbox.partitions()                             | false
            nobody_special | select outbox.token()                                  | false
            nobody_special | select outbox.publish('order', '1', 't', 'x')          | false
            nobody_special | select outbox.emit('order', '1', 't', 'x')             | false
            """)
    void rolesHaveTheRightsForTheirWorkAndNoOthers(String role, String sql, boolean allowed) throws Exception {
        source.execute(
                "do $$ begin if to_regrole('nobody_special') is null then create role nobody_special; end if; end $$");

        if (allowed) {
            source.execute("set role " + role, sql);
        } else {
            assertThatThrownBy(() -> source.execute("set role " + role, sql))
                    .isInstanceOf(SQLException.class)
                    .hasMessageContaining("permission denied");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            select outbox.drop_partition('outbox.event_default', now())                 | outbox.event_default is not a partition
            select outbox.drop_partition('outbox.event', 'infinity')                    | outbox.event is not a partition
            select outbox.drop_partition('outbox.migration', 'infinity')                | outbox.migration is not a partition
            select outbox.drop_partition('outbox.event_2998', 'infinity')               | outbox.event_2998 is not a partition
            select outbox.lock_partition('outbox.event_1998', '1998-12-31 23:59:59+00') | outbox.event_1998 is not a partition
            select outbox.empty_partition('outbox.event_1998', null)                    | outbox.event_1998 is not a partition
            select outbox.delete_old_rows(now(), now(), 1)                              | transaction that is read committed
            """)
    void relayCanRemoveOnlyOldPartitions(String sql, String refusal) throws Exception {
        source.execute(
                "create table if not exists outbox.event_1998 partition of outbox.event for values from"
                        + " ('1998-01-01 00:00:00+00') to ('1999-01-01 00:00:00+00')",
                "create table if not exists outbox.event_2998 partition of outbox.event for values from"
                        + " ('2998-01-01 00:00:00+00') to ('2999-01-01 00:00:00+00')");

        assertThatThrownBy(() -> source.execute("set role tidemark_relay", sql))
                .isInstanceOf(SQLException.class)
                .hasMessageContaining(refusal);
    }

    /** Without the trigger, Postgres decodes the move as a delete and an insert, and the event is published twice. */
    @Test
    void rejectsMovingARowToAnotherPartition() throws Exception {
        source.execute("insert into outbox.event (aggregate_type, aggregate_id, event_type) values ('a', 'move', 'c')");

        assertThatThrownBy(
                        () -> source.execute(
                                "update outbox.event set created_at = created_at + interval '1 day' where aggregate_id = 'move'"))
                .isInstanceOf(SQLException.class)
                .hasMessageContaining("created_at cannot be changed");

        source.execute("update outbox.event set event_type = 'd' where aggregate_id = 'move'");
    }

    /** Restores and replication tools use this setting; an ordinary trigger does not fire then. */
    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {"now(), outbox.event_2", "'2997-06-01', outbox.event_default"})
    void rejectsMovingARowEvenIfTriggersAreOffForReplication(String createdAt, String partition) throws Exception {
        String id =
                source.query("insert into outbox.event (aggregate_type, aggregate_id, event_type, created_at) values"
                        + " ('a', 'replica', 'c', " + createdAt + ") returning id");
        String where = " where id = '" + id + "'";
        assertThat(source.query("select tableoid::regclass from outbox.event" + where))
                .startsWith(partition);

        assertThatThrownBy(() -> source.execute(
                        "set session_replication_role = replica",
                        "update outbox.event set created_at = created_at + interval '1 day'" + where))
                .isInstanceOf(SQLException.class)
                .hasMessageContaining("created_at cannot be changed");
    }

    @Test
    void functionsDoNotDependOnSettingsOfTheDatabase() throws Exception {
        try (TestSource other = TestSource.create("settings")) {
            String partitions = "select string_agg(partition_name::regclass::oid || ' ' || extract(epoch from"
                    + " lower_bound) || ' ' || extract(epoch from upper_bound), ', ' order by lower_bound)"
                    + " from outbox.partitions()";
            String before = other.query(partitions);
            assertThat(before.split(", ")).hasSize(8);
            if (Integer.parseInt(other.query("show server_version_num")) < 190_000) {
                other.execute("alter database " + other.name() + " set standard_conforming_strings = off");
            }
            other.execute(
                    "alter database " + other.name() + " set quote_all_identifiers = on",
                    "alter database " + other.name() + " set datestyle = 'SQL, DMY'",
                    "alter database " + other.name() + " set timezone = 'Pacific/Auckland'",
                    "alter database " + other.name() + " set bytea_output = 'escape'",
                    "alter database " + other.name() + " set search_path = audit");

            assertThat(other.query(partitions)).isEqualTo(before);
            assertThat(other.query("select count(*) from outbox.make_partitions(7)"))
                    .isEqualTo("0");
            assertThatThrownBy(() -> other.execute("select outbox.drop_partition((select partition_name from"
                            + " outbox.partitions() limit 1)::regclass, 'infinity')"))
                    .isInstanceOf(SQLException.class)
                    .hasMessageContaining("is not a partition of outbox.event that ends by");
            other.execute("create table outbox.event_1998 partition of outbox.event for values from"
                    + " ('1998-01-01 00:00:00+00') to ('1999-01-01 00:00:00+00')");
            other.execute("select outbox.lock_partition('outbox.event_1998', now())");
            other.execute("select outbox.drop_partition('outbox.event_1998', now())");
            other.execute(
                    "set role outbox_writer",
                    "select outbox.publish('order', '1', 't', 'x')",
                    "select outbox.emit('order', '1', 't', 'x', headers => '{\"a\": \"b\"}')");
            assertThat(other.query("select outbox.token()")).startsWith("tm1." + other.sourceId() + ".1.");
        }
    }

    /** Postgres' encodings other than UTF-8 have few characters besides ASCII. */
    @Test
    void installsInADatabaseThatIsNotUtf8() throws Exception {
        try (TestSource latin = TestSource.bareIn("LATIN1", "latin");
                Connection connection = latin.connect()) {
            assertThat(latin.installation().install(connection)).contains("migration V4__emit.sql: applied");
        }
    }

    /** It would stop the replication stream, and nothing could take it out of the WAL again. */
    @Test
    void refusesTextThatHasNoEquivalentInUtf8() throws Exception {
        try (TestSource windows = TestSource.bareIn("WIN1252", "windows");
                Connection connection = windows.connect()) {
            windows.installation().install(connection);
            windows.execute(
                    "select outbox.publish('order', '1', 't', chr(128) || chr(252))"); // the euro, and a u umlaut

            for (String function : List.of("publish", "emit")) {
                assertThatThrownBy(() -> windows.execute("select outbox." + function + "('order', '1', 't', chr(129))"))
                        .isInstanceOf(SQLException.class)
                        .hasMessageContaining("0x81 in encoding \"WIN1252\" has no equivalent in encoding \"UTF8\"");
            }
            assertThat(Preflight.of(windows.configuration()).ok())
                    .anySatisfy(line -> assertThat(line).contains("hint: the database's encoding is WIN1252"));
        }
    }

    @Test
    void checkRefusesADatabaseWhoseEncodingIsNotKnown() throws Exception {
        try (TestSource ascii = TestSource.bareIn("SQL_ASCII", "ascii");
                Connection connection = ascii.connect()) {
            ascii.installation().install(connection);

            assertThat(Preflight.of(ascii.configuration()).findings())
                    .singleElement()
                    .asString()
                    .contains("has encoding SQL_ASCII", "createdb --encoding=UTF8 --template=template0");
        }
    }

    @Test
    void installingAgainChangesNothing() throws Exception {
        String sourceId = source.sourceId();
        List<String> report;
        try (Connection connection = source.connect()) {
            report = source.installation().install(connection);
        }

        assertThat(report).allSatisfy(line -> assertThat(line).endsWith("already exists"));
        assertThat(source.sourceId()).isEqualTo(sourceId);
    }

    /** After the base migration alone, it is not decided yet which table has the events. */
    @Test
    void installingContinuesWhereItWasInterrupted() throws Exception {
        try (TestSource cutOff = TestSource.bare("cutoff", Servers.shared());
                Connection connection = cutOff.connect()) {
            cutOff.execute(Migration.BASE.sql());
            String sourceId = cutOff.sourceId();

            assertThat(cutOff.installation().install(connection))
                    .contains("migration V1__base.sql: already exists", "migration V2__table.sql: applied");

            assertThat(cutOff.sourceId()).isEqualTo(sourceId);
        }
    }
}
