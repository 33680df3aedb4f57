// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.upheaval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemark.it.guarantee.WatermarkEvidence.Repeat;
import io.tidemark.it.harness.CommandRun;
import io.tidemark.it.harness.FaultyWorld;
import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TestSource.CommittedEvent;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;
import org.apache.kafka.clients.admin.Admin;

/** The person of docs/operations.md, who uses the commands named there. Remembers what an {@link Aftermath} needs. */
public final class Operator {

    private static final String DELETED = " deleted ";

    private final FaultyWorld world;
    private final TestSource source;
    private final String config;
    private final List<Adopted> adopted = new ArrayList<>();
    private final List<Window> windows = new ArrayList<>();
    private final List<ReadEvent> readBefore = new ArrayList<>();
    private final List<CommittedEvent> committedBefore = new ArrayList<>();
    private int deletions;
    private int addedPartitions;

    /**
     * A person has let the source continue.
     *
     * @param nanos when the adoption began
     * @param wal every event that it leaves out was committed at or below this LSN
     */
    record Adopted(long nanos, Lsn wal) {}

    /**
     * From an upheaval until everything has caught up again. Within it, a token that had success before may have
     * another status.
     */
    private record Window(long fromNanos, long toNanos) {}

    public Operator(FaultyWorld world, String... more) {
        this.world = world;
        this.source = world.source();
        this.config = source.configFile(more).toString();
    }

    /** Lets the upheaval happen, with its repair. Waits until a new token has success at every relay. */
    public void goThrough(Upheaval upheaval, Random random) throws Exception {
        long began = System.nanoTime();
        upheaval.strike(world, this, random);
        Token now = source.token();
        for (int relay = 0; relay < 2; relay++) {
            awaitSuccess(relay, now);
        }
        windows.add(new Window(began, System.nanoTime()));
    }

    private void awaitSuccess(int number, Token token) {
        await("success for " + token + " at relay " + number + " "
                        + world.relay(number).url() + ", log "
                        + world.relay(number).log())
                .pollInterval(Duration.ofMillis(100))
                .ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> {
                    restartDead();
                    return world.relay(number)
                            .get("/v1/projections/view/watermark?strict=false&wait=1s&token=" + token)
                            .path("status")
                            .asText()
                            .equals("success");
                });
    }

    /** Runs a command of the launcher on this source, which must succeed. */
    CommandRun run(String... words) {
        List<String> all = new ArrayList<>(Arrays.asList(words));
        all.add(1, config);
        CommandRun run = CommandRun.of(all.toArray(String[]::new));
        assertThat(run.exitCode()).as("%s: %s", all, run.output()).isZero();
        return run;
    }

    /**
     * Runs the statements in one transaction. Tries again if a lock is not free immediately: a writer may wait on a
     * second connection for the lock that this transaction waits for.
     */
    void alter(String... statements) {
        List<String> all = new ArrayList<>(List.of("set lock_timeout = '300ms'", "begin"));
        all.addAll(List.of(statements));
        all.add("commit");
        await("locks for " + String.join("; ", statements))
                .ignoreExceptionsMatching(Operator::isLockNotAvailable)
                .untilAsserted(() -> source.execute(all.toArray(String[]::new)));
    }

    private static boolean isLockNotAvailable(Throwable failure) {
        return failure instanceof SQLException refused && "55P03".equals(refused.getSQLState());
    }

    /** Tries again if it does not get its lock, for the same reason. */
    void init() {
        await("init").untilAsserted(() -> run("init"));
    }

    void killRelays() {
        world.relay(0).kill();
        world.relay(1).kill();
    }

    void restartDead() {
        for (int relay = 0; relay < 2; relay++) {
            if (!world.relay(relay).isAlive()) {
                world.relay(relay).restart(RelayProcess.Launch.PLAIN);
            }
        }
    }

    void awaitSlotFree() {
        await("slot to be free")
                .until(() -> source.query("select count(*) from pg_replication_slots where active and slot_name = '"
                                + source.name() + "'")
                        .equals("0"));
    }

    /** Waits until a relay has halted and none is publishing. */
    void awaitHalted() {
        await("a relay to halt, log " + world.relay(0).log()).until(() -> {
            restartDead();
            List<String> states = List.of(world.relay(0).state(), world.relay(1).state());
            return states.contains("halted") && !states.contains("running");
        });
    }

    /**
     * Adopts as proposed. Tries again while a relay holds the lock, or while transactions from before the change are
     * open.
     */
    void adopt() throws Exception {
        await("adoption").untilAsserted(() -> {
            CommandRun look = CommandRun.of("adopt", config);
            long began = System.nanoTime();
            CommandRun done = CommandRun.of("adopt", "--at", look.proposedLsn(), config);
            assertThat(done.exitCode()).as(done.output()).isZero();
            adopted.add(new Adopted(began, Lsn.parse(source.query("select pg_current_wal_insert_lsn()::text"))));
            System.out.println(
                    "RandomFaultsIT:   " + done.output().lines().findFirst().orElse(""));
        });
    }

    /** Leaves out the transaction that the halted relay names. Tries again while a relay holds the lock. */
    void adoptAsAdvised() throws Exception {
        await("a reason that names a transaction")
                .ignoreExceptionsInstanceOf(IOException.class)
                .untilAsserted(() -> {
                    restartDead();
                    String reason = haltReason();
                    long began = System.nanoTime();
                    Lsn leftOut = CommandRun.adoptAsAdvised(reason, config);
                    adopted.add(
                            new Adopted(began, Lsn.parse(source.query("select pg_current_wal_insert_lsn()::text"))));
                    System.out.println("RandomFaultsIT:   left out " + leftOut);
                });
    }

    private String haltReason() throws IOException, InterruptedException {
        for (int relay = 0; relay < 2; relay++) {
            JsonNode shown = world.relay(relay).get("/v1/source");
            if (shown.path("state").asText().equals("halted")) {
                return shown.path("reason").asText();
            }
        }
        throw new AssertionError("no relay has halted");
    }

    /** Publishes what the audit finds missing. Afterwards the audit finds nothing. */
    void replayUnaccounted() throws Exception {
        await("a relay that publishes").until(() -> {
            restartDead();
            return List.of(world.relay(0).state(), world.relay(1).state()).contains("running");
        });
        CommandRun replay = onceCaughtUp("replay", config, "--unaccounted", "--yes");
        while (replay.exitCode() != 0 && replay.output().contains("are still missing")) { // an audit lists 100,000 rows
            replay = onceCaughtUp("replay", config, "--unaccounted", "--yes");
        }
        assertThat(replay.exitCode()).as(replay.output()).isZero();
        System.out.println("RandomFaultsIT:   "
                + replay.output()
                        .lines()
                        .filter(line -> !line.startsWith("tidemark: this is"))
                        .findFirst()
                        .orElse(""));
        audit();
    }

    /** Checks that every row is accounted for. */
    void audit() {
        CommandRun audit = onceCaughtUp("audit", config);
        assertThat(audit.exitCode()).as(audit.output()).isZero();
    }

    /** Runs the command again while the relay is behind: the message asks to wait. */
    private static CommandRun onceCaughtUp(String... words) {
        return await(words[0])
                .until(
                        () -> CommandRun.of(words),
                        run -> !run.output().contains("the relay has not published all that is committed"));
    }

    /** Called before the topic, or a part of its records, is deleted. */
    void rememberWhatIsReadable(Predicate<ReadEvent> isDeleted) {
        deletions++;
        for (ReadEvent event : TopicReader.readAll(source.servers(), source.name() + ".")) {
            if (isDeleted.test(event)) {
                readBefore.add(new ReadEvent(
                        event.topic() + DELETED + deletions,
                        event.partition(),
                        event.offset(),
                        event.timestampMillis(),
                        event.key(),
                        event.value(),
                        event.headers()));
            }
        }
    }

    /** What a server that is no longer there had committed. What it had beyond {@code switchPoint} is lost. */
    void rememberCommitted(List<CommittedEvent> committed, Lsn switchPoint) {
        committed.stream()
                .filter(event -> !event.commitLsn().isAfter(switchPoint))
                .forEach(committedBefore::add);
    }

    /** Everything committed so far, on all servers, in commit order. */
    List<CommittedEvent> committedEvents() throws SQLException {
        List<CommittedEvent> committed = new ArrayList<>(committedBefore);
        committed.addAll(source.committedEvents());
        return committed;
    }

    void rememberAddedPartition() {
        addedPartitions++;
    }

    Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", source.servers().bootstrapServers()));
    }

    List<Adopted> adopted() {
        return List.copyOf(adopted);
    }

    /** Events that have been deleted since. */
    List<ReadEvent> readBefore() {
        return List.copyOf(readBefore);
    }

    /** Whether it is one of these. */
    static boolean isDeleted(ReadEvent event) {
        return event.topic().contains(DELETED);
    }

    int addedPartitions() {
        return addedPartitions;
    }

    boolean isWithinAnUpheaval(Repeat repeat) {
        return windows.stream()
                .anyMatch(window ->
                        repeat.givenNanos() - window.fromNanos() >= 0 && window.toNanos() - repeat.givenNanos() >= 0);
    }
}
