// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.it.harness.TestSource;
import io.tidemark.relay.capture.CapturedEvent;
import io.tidemark.relay.capture.Change;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Everything other than a plain insert into the outbox table of the migration. */
class TableGuardsIT {

    private TestSource source;

    @BeforeEach
    void createSource() throws Exception {
        source = TestSource.create("tables");
    }

    @AfterEach
    void dropSource() throws Exception {
        source.close();
    }

    private void publish(String payload) throws Exception {
        source.execute("insert into outbox.event (aggregate_type, aggregate_id, event_type, payload) values ('order',"
                + " 'a', 'changed', '" + payload + "')");
    }

    @Test
    void marksATransactionWithRowsOfAnotherTable() throws Exception {
        source.execute("alter publication tidemark add table audit.entry");

        try (CapturedStream stream = CapturedStream.start(source)) {
            publish("before");
            source.execute(
                    "begin",
                    "insert into outbox.event (aggregate_type, aggregate_id, event_type, payload) values ('order', 'a',"
                            + " 'changed', 'beside')",
                    "insert into audit.entry (event_id, aggregate_id) values (gen_random_uuid(), 'x')",
                    "commit");
            publish("after");

            assertThat(stream.readToNow().stream()
                            .filter(Change.Commit.class::isInstance)
                            .map(change -> ((Change.Commit) change).unreadable() != null))
                    .containsExactly(false, true, false);
        }
    }

    @Test
    void marksEveryTransactionWithARowWithoutANeededColumn() throws Exception {
        try (CapturedStream stream = CapturedStream.start(source)) {
            publish("before");
            assertThat(stream.payloadsToNow()).containsExactly("before");

            source.execute("alter table outbox.event drop column tracestate");
            publish("one");
            publish("two");

            assertThat(stream.readToNow())
                    .hasSize(2)
                    .allSatisfy(change ->
                            assertThat(((Change.Commit) change).unreadable()).contains("no column tracestate"));
        }
    }

    @Test
    void findsAColumnThatWasDroppedAndAddedAgain() throws Exception {
        List<Change> changes;
        try (CapturedStream stream = CapturedStream.start(source)) {
            publish("before");
            stream.readToNow();
            source.execute(
                    "alter table outbox.event drop column content_type, drop column tracestate",
                    "alter table outbox.event add column tracestate text, add column content_type text",
                    "insert into outbox.event (aggregate_type, aggregate_id, event_type, payload, content_type,"
                            + " tracestate) values ('order', 'a', 'changed', 'after', 'text/plain', 'k=v')");

            changes = stream.readToNow();
        }

        CapturedEvent event = (CapturedEvent) changes.get(0);
        assertThat(event.contentType()).isEqualTo("text/plain");
        assertThat(event.tracestate()).isEqualTo("k=v");
    }

    @Test
    void addedColumnIsIgnored() throws Exception {
        List<String> payloads;
        try (CapturedStream stream = CapturedStream.start(source)) {
            publish("before");
            source.execute("alter table outbox.event add column tenant text default 't'");
            publish("after");
            source.execute("alter table outbox.event drop column tenant");
            publish("later");

            payloads = stream.payloadsToNow();
        }

        assertThat(payloads).containsExactly("before", "after", "later");
    }

    @Test
    void updatesDeletesAndTruncatesAreNotEvents() throws Exception {
        assertThat(payloadsOfEveryOperation()).containsExactly("before", "after");
    }

    @Test
    void updatesDeletesAndTruncatesAreNotEventsEvenIfPublished() throws Exception {
        source.execute("alter publication tidemark set (publish = 'insert, update, delete, truncate')");

        assertThat(payloadsOfEveryOperation()).containsExactly("before", "after");
    }

    private List<String> payloadsOfEveryOperation() throws Exception {
        try (CapturedStream stream = CapturedStream.start(source)) {
            publish("before");
            source.execute(
                    "update outbox.event set payload = 'updated'", "delete from outbox.event", "truncate outbox.event");
            publish("after");
            return stream.payloadsToNow();
        }
    }

    @Test
    void rowsOfEveryPartitionAreRowsOfTheTable() throws Exception {
        source.execute("create table outbox.event_2001 partition of outbox.event for values from ('2001-01-01') to"
                + " ('2002-01-01')");
        List<String> payloads;
        try (CapturedStream stream = CapturedStream.start(source)) {
            source.execute("insert into outbox.event (aggregate_type, aggregate_id, event_type, payload, created_at)"
                    + " values ('order', 'a', 'changed', 'in 2001', '2001-06-01 00:00:00+00')");
            publish("now");

            payloads = stream.payloadsToNow();
        }

        assertThat(payloads).containsExactly("in 2001", "now");
    }
}
