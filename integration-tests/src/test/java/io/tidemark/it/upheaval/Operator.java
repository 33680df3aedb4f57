// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.upheaval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.guarantee.WatermarkEvidence.Repeat;
import io.tidemark.it.harness.CommandRun;
import io.tidemark.it.harness.FaultyWorld;
import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.RelayProcess;
import io.tidemark.it.harness.TestSource;
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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;

/** The person of docs/operations.md, with the commands that it names; remembers what an {@link Aftermath} needs. */
public final class Operator {

    private static final Pattern PROPOSAL = Pattern.compile("go on +tidemark adopt --at (\\S+)");

    private static final String DELETED = " deleted ";

    private final FaultyWorld world;
    private final TestSource source;
    private final String config;
    private final List<Adopted> adopted = new ArrayList<>();
    private final List<Window> windows = new ArrayList<>();
    private final List<ReadEvent> readBefore = new ArrayList<>();
    private int deletedTopics;
    private int addedPartitions;

    /**
     * A person has let the source go on.
     *
     * @param nanos when that began
     * @param wal no event that it leaves out was committed beyond it
     */
    record Adopted(long nanos, Lsn wal) {}

    /** From an upheaval until everything has caught up again: what was success before may not be so in between. */
    private record Window(long fromNanos, long toNanos) {}

    public Operator(FaultyWorld world, String... more) {
        this.world = world;
        this.source = world.source();
        this.config = source.configFile(more).toString();
    }

    /** Does it to the world, mends it, and waits until a token of now is success at every relay again. */
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
                            .get("/v1/projections/view/watermark?wait=1s&token=" + token)
                            .path("status")
                            .asText()
                            .equals("success");
                });
    }

    /** A command of the launcher on this source, which has to succeed. */
    CommandRun run(String... words) {
        List<String> all = new ArrayList<>(Arrays.asList(words));
        all.add(1, config);
        CommandRun run = CommandRun.of(all.toArray(String[]::new));
        assertThat(run.exitCode()).as("%s: %s", all, run.output()).isZero();
        return run;
    }

    /**
     * In one transaction; again when a lock is not to be had at once, because a writer may wait on a second connection
     * for the lock that this one waits for.
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

    /** Again when it does not get its lock, for the same reason. */
    void init() {
        await("init").untilAsserted(() -> run("init"));
    }

    void killRelays() {
        world.relay(0).kill();
        world.relay(1).kill();
    }

    private void restartDead() {
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

    /** One relay has halted and none goes on publishing. */
    void awaitHalted() {
        await("a relay to halt, log " + world.relay(0).log()).until(() -> {
            restartDead();
            List<String> states = List.of(world.relay(0).state(), world.relay(1).state());
            return states.contains("halted") && !states.contains("running");
        });
    }

    /** As proposed; again while a relay holds the lock, or transactions are open that began before the change. */
    void adopt() throws Exception {
        await("adoption").untilAsserted(() -> {
            CommandRun look = CommandRun.of("adopt", config);
            Matcher proposal = PROPOSAL.matcher(look.output());
            assertThat(proposal.find()).as(look.output()).isTrue();
            long began = System.nanoTime();
            CommandRun done = CommandRun.of("adopt", "--at", proposal.group(1), config);
            assertThat(done.exitCode()).as(done.output()).isZero();
            adopted.add(new Adopted(began, Lsn.parse(source.query("select pg_current_wal_insert_lsn()::text"))));
            System.out.println(
                    "RandomFaultsIT:   " + done.output().lines().findFirst().orElse(""));
        });
    }

    /** Publishes what the audit finds missing; the audit has nothing to say afterwards. */
    void replayUnaccounted() throws Exception {
        await("a relay that publishes").until(() -> {
            restartDead();
            return List.of(world.relay(0).state(), world.relay(1).state()).contains("running");
        });
        CommandRun replay = CommandRun.of("replay", config, "--unaccounted", "--yes");
        while (replay.exitCode() != 0 && replay.output().contains("are still missing")) { // an audit lists 100,000 rows
            replay = CommandRun.of("replay", config, "--unaccounted", "--yes");
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

    /** Every row is accounted for. */
    void audit() {
        run("audit");
    }

    /** Before its topic is deleted. */
    void rememberWhatIsReadable() {
        deletedTopics++;
        for (ReadEvent event : TopicReader.readAll(source.servers(), source.name() + ".")) {
            readBefore.add(new ReadEvent(
                    event.topic() + DELETED + deletedTopics,
                    event.partition(),
                    event.offset(),
                    event.timestampMillis(),
                    event.key(),
                    event.value(),
                    event.headers()));
        }
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

    /** What was in topics that were deleted since. */
    List<ReadEvent> readBefore() {
        return List.copyOf(readBefore);
    }

    /** Whether it was in one of these topics. */
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
