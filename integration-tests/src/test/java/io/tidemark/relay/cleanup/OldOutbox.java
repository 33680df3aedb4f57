// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cleanup;

import static org.awaitility.Awaitility.await;

import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.Servers;
import io.tidemark.it.harness.TestSource;
import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.OutboxConfig;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.check.SourceCheck;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * A source with rows and partitions of past days. Runs its cleanup one pass at a time, with the relay's role. Days are
 * counted back from the start of the test.
 */
final class OldOutbox implements AutoCloseable {

    static final Duration RETENTION = Duration.ofDays(2);

    private static final String PASSWORD = "cleanup";

    private final TestSource source;
    private final LocalDate today;

    private OldOutbox(TestSource source) throws Exception {
        this.source = source;
        this.today = LocalDate.parse(source.query("select (now() at time zone 'UTC')::date"));
    }

    static OldOutbox create(String label) throws Exception {
        TestSource source = TestSource.create(label);
        source.execute("alter role tidemark_relay password '" + PASSWORD + "'");
        return new OldOutbox(source);
    }

    TestSource source() {
        return source;
    }

    RunningRelay startRelay() {
        return RunningRelay.startAndAwait(source.configuration("outbox: {retention: 48h}"));
    }

    LocalDate day(int daysAgo) {
        return today.minusDays(daysAgo);
    }

    String partition(int daysAgo) {
        return "outbox.event_" + today.minusDays(daysAgo).format(DateTimeFormatter.BASIC_ISO_DATE);
    }

    String makePartition(int daysAgo) throws Exception {
        whenFree("create table " + partition(daysAgo) + " partition of outbox.event for values from ('"
                + today.minusDays(daysAgo) + " 00:00:00+00') to ('" + today.minusDays(daysAgo - 1L) + " 00:00:00+00')");
        return partition(daysAgo);
    }

    void dropPartition(int daysAgo) throws Exception {
        whenFree("drop table if exists " + partition(daysAgo));
    }

    /** Retries until no writer holds a lock. Waiting for the lock would block a writer with two sessions by itself. */
    private void whenFree(String ddl) {
        await(ddl).until(() -> {
            try {
                source.execute("set lock_timeout = '100ms'", ddl);
                return true;
            } catch (SQLException e) {
                if ("55P03".equals(e.getSQLState())) {
                    return false;
                }
                throw e;
            }
        });
    }

    /** Commits an event from this number of days ago, and its audit row. */
    void publish(String aggregateId, int daysAgo) throws Exception {
        source.execute(insert(aggregateId, daysAgo));
    }

    String insert(String aggregateId, int daysAgo) {
        return String.format(
                Locale.ROOT,
                "with event as (insert into outbox.event (aggregate_type, aggregate_id, event_type, payload, created_at)"
                        + " values ('order', '%s', 't', 'x', '%s 12:00:00+00') returning id) insert into audit.entry"
                        + " (event_id, aggregate_id) select id, '%s' from event",
                aggregateId,
                today.minusDays(daysAgo),
                aggregateId);
    }

    boolean exists(String table) throws Exception {
        return source.query("select to_regclass('" + table + "') is not null").equals("t");
    }

    int rows(String table) throws Exception {
        return Integer.parseInt(source.query("select count(*) from only " + table));
    }

    /**
     * A pass that uses {@code published} as the relay's published LSN, and counts the current rows as accounted for.
     */
    CleanupPass pass(Supplier<Lsn> published) throws Exception {
        return pass(published, new FixedAccounts(source));
    }

    CleanupPass pass(Supplier<Lsn> published, Accounts accounts) throws Exception {
        Servers servers = source.servers();
        SourceDatabase database = new SourceDatabase(new PostgresConfig(
                servers.url(source.name()), "tidemark_relay", PASSWORD, null, source.name(), null, null));
        try (Connection connection = database.connect("test")) {
            return new CleanupPass(
                    database,
                    SourceCheck.ready(database, OutboxConfig.DEFAULT, connection),
                    RETENTION,
                    published,
                    accounts,
                    new OncePerReason());
        }
    }

    /** A pass with the relay's counts from Kafka. */
    CleanupPass passBeside(RunningRelay relay) throws Exception {
        return pass(
                () -> relay.state().published(),
                new KafkaAccounts(
                        source.configuration("outbox: {retention: 48h}").kafka(),
                        relay.state().identity().orElseThrow().sourceId()));
    }

    @Override
    public void close() throws Exception {
        source.close();
    }
}
