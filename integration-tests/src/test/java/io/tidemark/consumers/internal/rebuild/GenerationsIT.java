// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.rebuild;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.consumers.Projection;
import io.tidemark.consumers.ProjectionTables;
import io.tidemark.consumers.internal.progress.ClaimResult;
import io.tidemark.consumers.internal.progress.ClaimResult.Claimed;
import io.tidemark.consumers.internal.progress.Generations;
import io.tidemark.consumers.internal.progress.ProgressTable;
import io.tidemark.consumers.internal.progress.ProgressTable.Partition;
import io.tidemark.it.harness.Servers;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The statements of claims, advances and the switch, one step at a time on two connections, without other users. */
class GenerationsIT {

    private static final String NAME = "view";
    private static final Partition FIRST = new Partition("t", 0);
    private static final Partition SECOND = new Partition("t", 1);
    private static final Optional<String> NO_ID = Optional.empty();
    private static final Partition RETIRED = new Partition("no-longer-read", 0);

    private final Servers servers = Servers.shared();
    private final String database =
            "generations_" + UUID.randomUUID().toString().substring(0, 8);
    private final Generations generations = new Generations(NAME);
    private final Switchover switchover = new Switchover(
            Projection.ofGeneration(NAME, 2, List.of("t"), generation -> (events, connection) -> {}), generations);
    private Connection one;
    private Connection other;

    @BeforeEach
    void create() throws Exception {
        try (Connection connection = servers.connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("create database " + database);
        }
        one = connect();
        other = connect();
        ProjectionTables.create(one);
        generations.register(one, 1);
        one.setAutoCommit(false);
        other.setAutoCommit(false);
    }

    /**
     * A connection with a lock timeout of half a minute, so that a missing limit fails the test instead of hanging it.
     */
    private Connection connect() throws SQLException {
        Connection connection = servers.connect(database);
        try (Statement statement = connection.createStatement()) {
            statement.execute("set statement_timeout = '30s'");
        }
        return connection;
    }

    @AfterEach
    void drop() throws Exception {
        one.close();
        other.close();
        try (Connection connection = servers.connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("drop database " + database + " with (force)");
        }
    }

    private static ProgressTable progress(int generation) {
        return new ProgressTable(NAME, generation, NAME);
    }

    /** Sets a generation's offset, and commits. */
    private Claimed stands(int generation, Partition partition, long nextOffset, boolean isCaughtUp)
            throws SQLException {
        progress(generation).start(one, partition, NO_ID, nextOffset);
        Claimed claimed = claimed(progress(generation).claim(one, partition, NO_ID));
        if (isCaughtUp) {
            assertThat(progress(generation).noteCaughtUp(one, partition, claimed))
                    .isTrue();
        }
        one.commit();
        return claimed;
    }

    private static Claimed claimed(ClaimResult result) {
        assertThat(result).isInstanceOf(Claimed.class);
        return (Claimed) result;
    }

    private static boolean advance(Connection connection, int generation, Claimed claimed, long next)
            throws SQLException {
        return progress(generation).advance(connection, FIRST, NO_ID, claimed, next, Optional.empty());
    }

    private boolean attempt(Set<Partition> all) throws Exception {
        one.setAutoCommit(true);
        boolean isSwitched = switchover.attempt(one, all);
        one.setAutoCommit(false);
        return isSwitched;
    }

    private int generationThatIsRead() throws SQLException {
        int read = generations.read(other).orElseThrow();
        other.rollback();
        return read;
    }

    /** The server ends the wait by its own lock timeout, not by that of this test. */
    private static void assertWaitsForFiveSeconds(ThrowingCallable call) {
        long since = System.nanoTime();
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        SQLException.class,
                        refusal -> assertThat(refusal.getSQLState()).isEqualTo("55P03"));
        assertThat(Duration.ofNanos(System.nanoTime() - since)).isGreaterThan(Duration.ofSeconds(4));
    }

    @Test
    void advancesOnlyFromItsCurrentOffset() throws Exception {
        Claimed claimed = stands(1, FIRST, 5, false);

        assertThat(advance(one, 1, new Claimed(4, claimed.epoch()), 6)).isFalse();
        assertThat(advance(one, 1, claimed, 6)).isTrue();
    }

    @Test
    void onlyTheNewestOwnerAdvances() throws Exception {
        Claimed earlier = stands(1, FIRST, 5, false);
        Claimed newest = claimed(progress(1).claim(one, FIRST, NO_ID));

        assertThat(advance(one, 1, earlier, 6)).isFalse();
        assertThat(progress(1).noteCaughtUp(one, FIRST, earlier)).isFalse();
        assertThat(advance(one, 1, newest, 6)).isTrue();
    }

    @Test
    void replacedGenerationClaimsNothing() throws Exception {
        stands(1, FIRST, 5, false);
        generations.activate(one, 2);
        one.commit();

        assertThat(progress(1).claim(one, FIRST, NO_ID)).isEqualTo(new ClaimResult.Replaced(2));
        assertThat(progress(1).claim(one, SECOND, NO_ID)).isEqualTo(new ClaimResult.Replaced(2));
    }

    @Test
    void switchWaitsForAnUncommittedClaim() throws Exception {
        stands(1, FIRST, 5, false);
        progress(1).claim(one, FIRST, NO_ID);

        assertWaitsForFiveSeconds(() -> generations.lock(other));
    }

    @Test
    void claimWaitsForASwitch() throws Exception {
        stands(1, FIRST, 5, false);
        generations.lock(one);

        assertWaitsForFiveSeconds(() -> progress(1).claim(other, FIRST, NO_ID));
    }

    @Test
    void claimWaitsForAWriterForAtMostFiveSeconds() throws Exception {
        Claimed claimed = stands(1, FIRST, 5, false);
        assertThat(advance(other, 1, claimed, 6)).isTrue();

        assertWaitsForFiveSeconds(() -> progress(1).claim(one, FIRST, NO_ID));
    }

    @Test
    void twoClaimsDoNotWaitForEachOther() throws Exception {
        stands(1, FIRST, 5, false);
        stands(1, SECOND, 5, false);
        progress(1).claim(one, FIRST, NO_ID);

        assertThat(progress(1).claim(other, SECOND, NO_ID)).isInstanceOf(Claimed.class);
    }

    @Test
    void allowsOneSwitchAtATime() throws Exception {
        generations.lock(one);

        assertWaitsForFiveSeconds(() -> generations.lock(other));
    }

    @Test
    void serverEndsTheSwitchOfAFrozenProcess() throws Exception {
        generations.lock(one);

        try (Statement statement = one.createStatement();
                ResultSet row = statement.executeQuery("show idle_in_transaction_session_timeout")) {
            row.next();
            assertThat(row.getString(1)).isEqualTo("10s");
        }
    }

    @Test
    void switchWaitsForAWriterForAtMostFiveSeconds() throws Exception {
        Claimed claimed = stands(1, FIRST, 5, false);
        assertThat(advance(other, 1, claimed, 6)).isTrue();

        generations.lock(one);
        assertWaitsForFiveSeconds(() -> generations.fence(one, 1));
    }

    @Test
    void switchesWhenEveryPartitionHasCaughtUpAndFencesOldOwners() throws Exception {
        Claimed old = stands(1, FIRST, 5, false);
        stands(2, FIRST, 5, true);
        stands(2, SECOND, 0, true);

        assertThat(attempt(Set.of(FIRST, SECOND))).isTrue();

        assertThat(generationThatIsRead()).isEqualTo(2);
        assertThat(advance(other, 1, old, 6))
                .as("an owner from before the switch")
                .isFalse();
    }

    @Test
    void doesNotSwitchWithOneOffsetMissing() throws Exception {
        stands(1, FIRST, 6, false);
        stands(2, FIRST, 5, true);

        assertThat(attempt(Set.of(FIRST))).isFalse();
        assertThat(generationThatIsRead()).isEqualTo(1);
        assertThat(switchover.isWorthAnAttempt(switchover.progress(one, 1, Set.of(FIRST))))
                .as("nothing has advanced since")
                .isFalse();
    }

    @Test
    void doesNotSwitchWithAPartitionThatWasNeverAtItsEnd() throws Exception {
        stands(1, FIRST, 5, false);
        stands(2, FIRST, 5, false);

        assertThat(attempt(Set.of(FIRST))).isFalse();
        assertThat(generationThatIsRead()).isEqualTo(1);
    }

    @Test
    void needsPartitionsThatOnlyTheOldGenerationKnows() throws Exception {
        stands(1, FIRST, 5, false);
        stands(2, SECOND, 3, true);

        Switchover.RebuildProgress progress = switchover.progress(one, 1, Set.of(SECOND));

        assertThat(progress.caughtUp()).isEqualTo(1);
        assertThat(progress.behind()).isEqualTo(5);
        assertThat(progress.missing()).containsOnlyKeys(FIRST);
    }

    @Test
    void needsPartitionsThatTheOldGenerationHasNotStarted() throws Exception {
        stands(1, FIRST, 5, false);
        stands(2, FIRST, 5, true);

        assertThat(switchover.progress(one, 1, Set.of(FIRST, SECOND)).missing()).containsOnlyKeys(SECOND);
    }

    @Test
    void needsNothingOfATopicThatIsNotReadAnyMore() throws Exception {
        stands(1, RETIRED, 9, false);
        stands(2, FIRST, 5, true);

        assertThat(switchover.progress(one, 1, Set.of(FIRST)).isComplete()).isTrue();
    }

    @Test
    void neverSwitchesToAnOlderGeneration() throws Exception {
        generations.activate(one, 3);
        one.commit();
        stands(3, FIRST, 5, true);
        try (Statement statement = one.createStatement()) {
            statement.execute("insert into tidemark_progress (projection, generation, topic, partition, group_id,"
                    + " next_offset, caught_up) values ('" + NAME + "', 2, 't', 0, '" + NAME + "', 5, true)");
        }
        one.commit();

        assertThat(attempt(Set.of(FIRST))).isFalse();
        assertThat(generationThatIsRead()).isEqualTo(3);
    }

    @Test
    void claimsAndAdvancesOnlyWithTheTopicOfItsProgress() throws Exception {
        Claimed claimed = stands(1, FIRST, 5, false);
        Optional<String> old = Optional.of("old-id");
        Optional<String> anew = Optional.of("new-id");

        Claimed adopted = claimed(progress(1).claim(one, FIRST, old)); // the row had none
        one.commit();

        assertThat(progress(1).claim(one, FIRST, anew))
                .isEqualTo(new ClaimResult.OfAnotherTopic("old-id", "new-id", 5));
        assertThat(progress(1).advance(one, FIRST, anew, adopted, 6, Optional.empty()))
                .isFalse();
        assertThat(progress(1).advance(one, FIRST, old, adopted, 6, Optional.empty()))
                .isTrue();
        assertThat(progress(1).claim(one, FIRST, NO_ID)).isInstanceOf(Claimed.class);
        assertThat(claimed.nextOffset()).isEqualTo(5);
    }

    /** The old generation has an offset of a deleted topic, which the new one can never reach. */
    @Test
    void needsNoOffsetsOfATopicThatWasCreatedAgain() throws Exception {
        stands(1, FIRST, 1000, false);
        stands(2, FIRST, 3, true);
        progress(1).claim(one, FIRST, Optional.of("old-id"));
        progress(2).claim(one, FIRST, Optional.of("new-id"));
        one.commit();

        assertThat(attempt(Set.of(FIRST))).isTrue();
    }
}
