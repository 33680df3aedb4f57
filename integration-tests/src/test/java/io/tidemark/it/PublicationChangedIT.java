// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.guarantee.G10FailsClosed;
import io.tidemark.it.guarantee.HaltEvidence;
import io.tidemark.it.harness.CommandRun;
import io.tidemark.it.harness.GroupConsumer;
import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.WatermarkStatus;
import io.tidemark.relay.health.RelayState.Phase;
import io.tidemark.relay.watermark.Answer;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Publication or table were different for a moment. Events committed then are in no stream, and are never success. */
class PublicationChangedIT {

    private TestSource source;

    @BeforeEach
    void create() throws Exception {
        source = TestSource.create("pub");
    }

    @AfterEach
    void drop() throws Exception {
        source.close();
    }

    private Token publish(String aggregateId) throws Exception {
        source.execute("select outbox.publish('order', '" + aggregateId + "', 't', 'x')");
        return source.token();
    }

    private List<String> readable(int atLeast) {
        return TopicReader.readUntil(source.servers(), source.name() + ".", read -> read.size() >= atLeast).stream()
                .map(ReadEvent::key)
                .toList();
    }

    private String haltReason(RunningRelay relay) throws Exception {
        await().until(() -> relay.state().phase() == Phase.HALTED);
        HaltEvidence halt = HaltEvidence.gather(source, relay);
        new G10FailsClosed().check(halt);
        return halt.reason();
    }

    private static Answer ask(RunningRelay relay, Token token) throws Exception {
        relay.awaitServing();
        return relay.relay().watermarks().ask("view", token, 3_000).get(30, TimeUnit.SECONDS);
    }

    private void adoptAsProposed() throws Exception {
        String config = source.configFile().toString();
        CommandRun look = CommandRun.of("adopt", config);
        assertThat(look.output())
                .contains("may never have come through the stream, and their tokens are answered unknown");
        CommandRun adopted = CommandRun.of("adopt", "--at", look.proposedLsn(), config);
        assertThat(adopted.exitCode()).as(adopted.output()).isZero();
    }

    private void assertUnknown(RunningRelay relay, Token lost) throws Exception {
        assertThat(ask(relay, lost))
                .isInstanceOfSatisfying(
                        Answer.Refused.class,
                        refused -> assertThat(refused.status()).isEqualTo(WatermarkStatus.UNKNOWN));
    }

    @Test
    void haltsUntilAdoptionIfThePublicationWasCreatedAgain() throws Exception {
        Token lost;
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration());
                GroupConsumer consumer = GroupConsumer.start(source, 5)) {
            assertSuccess(relay, publish("1"));
            source.execute("drop publication tidemark");
            lost = publish("2");
            assertThat(CommandRun.of("init", source.configFile().toString()).exitCode())
                    .isZero();
            publish("3");

            assertThat(haltReason(relay)).contains("publication tidemark", "(0/", "]", "tidemark adopt CONFIG");
            assertThat(ask(relay, lost)).isNotInstanceOf(Answer.Success.class);
        }
        assertThat(CommandRun.of("check", source.configFile().toString()).output())
                .contains("FINDING", "dropped and made again", "may never have come through the stream");
        try (RunningRelay relay = RunningRelay.start(source.configuration());
                GroupConsumer consumer = GroupConsumer.start(source, 5)) {
            assertThat(haltReason(relay)).contains("dropped and made again", "tidemark adopt CONFIG");
            adoptAsProposed();
            boolean isDecodedWithoutIt = Integer.parseInt(source.query("show server_version_num")) >= 180_000;
            if (!isDecodedWithoutIt) {
                goOnWithAnotherSlot(relay);
            }

            relay.awaitPhase(Phase.RUNNING);
            assertSuccess(relay, publish("4"));
            assertUnknown(relay, lost);
            List<String> streamed = isDecodedWithoutIt ? List.of("1", "3", "4") : List.of("1", "4");
            assertThat(readable(streamed.size())).containsExactlyInAnyOrderElementsOf(streamed);
        }
    }

    /** Before Postgres 18, the slot cannot pass the time without publication. */
    private void goOnWithAnotherSlot(RunningRelay relay) throws Exception {
        await("that the slot is of no more use")
                .until(() ->
                        String.valueOf(relay.state().reason()).contains("Postgres before 18 cannot decode that part"));
        assertThat(haltReason(relay))
                .contains("pg_drop_replication_slot('" + source.name() + "')", "tidemark replay CONFIG --unaccounted");
        source.execute("select pg_drop_replication_slot('" + source.name() + "')");
        String config = source.configFile().toString();
        String proposed = CommandRun.of("adopt", config).proposedLsn();
        CommandRun adopted = CommandRun.of("adopt", "--at", proposed, config);
        assertThat(adopted.exitCode()).as(adopted.output()).isZero();
    }

    private static void assertSuccess(RunningRelay relay, Token token) throws Exception {
        relay.awaitServing();
        assertThat(relay.relay().watermarks().ask("view", token, 30_000).get(60, TimeUnit.SECONDS))
                .isInstanceOf(Answer.Success.class);
    }

    /** The stream names no table for such a row, so it may be a row of a renamed outbox. */
    @Test
    void leavesOutExactlyTheTransactionWithRowsOfAnotherTable() throws Exception {
        String config = source.configFile().toString();
        source.execute("alter publication tidemark add table audit.entry");
        publish("1");
        source.execute(
                "begin",
                "insert into audit.entry (event_id, aggregate_id) values (gen_random_uuid(), 'x')",
                "select outbox.publish('order', '2', 't', 'x')",
                "commit");
        publish("3");
        source.execute("alter publication tidemark set table outbox.event");
        try (RunningRelay relay = RunningRelay.start(source.configuration());
                GroupConsumer consumer = GroupConsumer.start(source, 5)) {
            String reason = haltReason(relay);
            assertThat(reason).contains("wrote rows of another table", "run: tidemark check CONFIG");
            assertThat(readable(1)).containsExactly("1");
            Lsn leftOut = CommandRun.adoptAsAdvised(reason, config);
            relay.awaitPhase(Phase.RUNNING);

            Token after = publish("4");
            assertSuccess(relay, after);
            Token.Part part = after.parts().get(0);
            assertUnknown(relay, Token.of(part.source(), part.timeline(), leftOut));
            assertThat(readable(3)).containsExactlyInAnyOrder("1", "3", "4");
            await("an audit of all rows")
                    .until(() -> CommandRun.of("replay", config, "--unaccounted", "--yes")
                                    .exitCode()
                            == 0);
            assertThat(readable(4)).containsExactlyInAnyOrder("1", "2", "3", "4");
        }
    }

    @Test
    void haltsAfterATemporaryWhereClause() throws Exception {
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            publish("1");
            readable(1);
            source.execute("alter publication tidemark set table outbox.event where (event_type <> 't')");
            Token lost = publish("2");
            source.execute("alter publication tidemark set table outbox.event");
            publish("3");

            assertThat(haltReason(relay)).contains("a WHERE clause or a column list were altered");
            assertThat(ask(relay, lost)).isNotInstanceOf(Answer.Success.class);
        }
    }

    @Test
    void haltsAfterTheTableWasSwappedByRenaming() throws Exception {
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            publish("1");
            readable(1);
            source.execute(
                    "create table outbox.other (like outbox.event including all)",
                    "begin",
                    "alter table outbox.event rename to away",
                    "alter table outbox.other rename to event",
                    "commit");
            Token lost = publish("2");
            source.execute(
                    "begin",
                    "alter table outbox.event rename to other",
                    "alter table outbox.away rename to event",
                    "commit");

            assertThat(haltReason(relay)).contains("table outbox.event was made again, swapped by renaming");
            assertThat(ask(relay, lost)).isNotInstanceOf(Answer.Success.class);
        }
    }

    /** The second one changes two rows of the catalog in one transaction. */
    @ParameterizedTest
    @ValueSource(strings = {"alter publication tidemark set (publish = 'update')", "drop publication tidemark"})
    void waitsForATransactionThatAltersItAndLosesNothingIfItRollsBack(String change) throws Exception {
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration());
                GroupConsumer consumer = GroupConsumer.start(source, 5);
                Connection connection = source.connect();
                Statement alteration = connection.createStatement()) {
            connection.setAutoCommit(false);
            alteration.execute(change);
            Token token = publish("1");

            await().until(() -> relay.state().reason() != null);
            assertThat(relay.state().reason())
                    .contains(
                            "an open transaction changes publication tidemark", "of backend ", "pg_terminate_backend");
            assertThat(ask(relay, token)).isNotInstanceOf(Answer.Success.class);
            connection.rollback();

            assertSuccess(relay, token);
            assertThat(relay.state().phase()).isEqualTo(Phase.RUNNING);
            assertThat(readable(1)).containsExactly("1");
        }
    }

    @Test
    void haltsAfterAChangeOnAnIdleSource() throws Exception {
        try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
            publish("1");
            readable(1);
            source.execute("alter publication tidemark set (publish = 'insert')");

            assertThat(haltReason(relay)).contains("publication tidemark was altered, or dropped and made again");
        }
    }
}
