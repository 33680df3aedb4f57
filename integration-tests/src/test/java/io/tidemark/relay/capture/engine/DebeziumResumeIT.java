// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.harness.TestSource;
import io.tidemark.outbox.Lsn;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Why Debezium must not resume by itself (docs/adr/0001): with an ordinary pair of transactions, its own resume loses
 * the events of one. If {@link #debeziumsOwnResumeLosesATransaction} starts to fail after an upgrade, Debezium has been
 * fixed, and that decision can be reviewed.
 */
class DebeziumResumeIT {

    private static final int ATTEMPTS = 20;

    private TestSource source;

    @BeforeEach
    void createSource() throws Exception {
        source = TestSource.create("resume");
        source.execute("create extension pg_walinspect");
    }

    @AfterEach
    void dropSource() throws Exception {
        source.close();
    }

    /** The older transaction, still open, and the end of the younger one's commit, where its second event starts. */
    private record Adjacent(OpenTransaction older, Lsn youngerCommit) {}

    /** Repeated if another session wrote in between, or if a page of the WAL ended at that point. */
    private Adjacent writeAdjacent() throws Exception {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            OpenTransaction older = OpenTransaction.begin(source).publish("older 1");
            Lsn youngerCommit;
            try (OpenTransaction younger = OpenTransaction.begin(source)) {
                younger.publish("younger");
                younger.connection().commit();
                older.publish("older 2");
                youngerCommit = younger.commit();
            }
            if (older.lastInsert().equals(youngerCommit)) {
                return new Adjacent(older, youngerCommit);
            }
            older.close();
        }
        throw new AssertionError("no change started at the end of a commit in " + ATTEMPTS + " attempts");
    }

    @Test
    void debeziumsOwnResumeLosesATransaction() throws Exception {
        Adjacent shape;
        try (StockEngine engine = StockEngine.start(source, source.dir().resolve("offsets"))) {
            source.execute("select outbox.publish('order', 'a', 'changed', 'first'::text)");
            engine.awaitPayload("first");
            shape = writeAdjacent();
            engine.awaitOffset(shape.youngerCommit());
        }
        shape.older().commit();
        shape.older().close();
        source.execute("select outbox.publish('order', 'a', 'changed', 'last'::text)");

        try (StockEngine engine = StockEngine.start(source, source.dir().resolve("offsets"))) {
            engine.awaitPayload("last");

            assertThat(engine.payloads()).containsExactly("last");
        }
    }

    @Test
    void tapLosesNothingWithTheseTransactions() throws Exception {
        Adjacent shape;
        try (CapturedStream stream = CapturedStream.start(source)) {
            shape = writeAdjacent();
            assertThat(stream.payloadsToNow()).contains("younger").doesNotContain("older 1");
        }
        shape.older().commit();
        shape.older().close();

        List<String> again;
        try (CapturedStream stream = CapturedStream.start(source)) {
            again = stream.payloadsToNow();
        }

        assertThat(again).endsWith("younger", "older 1", "older 2");
    }

    @Test
    void tapLosesNothingWithTheseTransactionsAfterConfirmingTheCommit() throws Exception {
        Adjacent shape;
        try (CapturedStream stream = CapturedStream.start(source)) {
            shape = writeAdjacent();
            stream.readToNow();
            stream.engine().confirmUpTo(shape.youngerCommit());
            await().until(() -> source.confirmed().equals(shape.youngerCommit()));
        }
        shape.older().commit();
        shape.older().close();

        List<String> again;
        try (CapturedStream stream = CapturedStream.start(source)) {
            again = stream.payloadsToNow();
        }

        assertThat(again).containsExactly("older 1", "older 2");
    }
}
