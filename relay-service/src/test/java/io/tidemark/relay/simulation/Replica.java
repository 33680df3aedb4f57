// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.simulation;

import io.dropwizard.util.DataSize;
import io.tidemark.outbox.Lsn;
import io.tidemark.relay.account.AuditRecord;
import io.tidemark.relay.account.AuditTally;
import io.tidemark.relay.capture.CaptureFailed;
import io.tidemark.relay.capture.CapturedEvent;
import io.tidemark.relay.capture.Change;
import io.tidemark.relay.capture.ChangeRing;
import io.tidemark.relay.config.HeaderStyle;
import io.tidemark.relay.config.LimitsConfig;
import io.tidemark.relay.config.RouteConfig;
import io.tidemark.relay.index.IndexEntry;
import io.tidemark.relay.index.PublishedIndex;
import io.tidemark.relay.loop.LoopListener;
import io.tidemark.relay.loop.PublishLoop;
import io.tidemark.relay.loop.RunIndex;
import io.tidemark.relay.loop.RunScope;
import io.tidemark.relay.position.Adoptions;
import io.tidemark.relay.position.ResumePoint;
import io.tidemark.relay.position.SourcePosition;
import io.tidemark.relay.position.StartDecision;
import io.tidemark.relay.position.TopicIds;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.publish.PublishedTopics;
import io.tidemark.relay.route.Router;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.timeline.TimelineHistory;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * One replica of the relay: the whole real publishing loop, the real position, start decision and index, and the order
 * of {@code ActiveRun} around them. During every call to the outside, the rest of the world may take steps, and the
 * replica may end there.
 */
final class Replica {

    static final String SOURCE_ID = "7f3a9c21";
    private static final SourceIdentity IDENTITY = new SourceIdentity(SOURCE_ID, "1", "shop", 1);
    private static final int BATCH_EVENTS = 10;
    /** Slightly less than the size of seven captured events of this simulation: a transaction of seven is split. */
    private static final int SPLIT_BYTES = 7 * 440;

    private static final int MOST_CHANGES_A_TURN = 8;

    private enum Phase {
        STANDBY,
        LOCKED,
        FENCED_OTHERS,
        DECIDED,
        STREAMING
    }

    /** The process was killed, or its run ended, during a call to the outside. */
    static final class Gone extends RuntimeException {
        private static final long serialVersionUID = 1;

        Gone() {
            super(null, null, false, false);
        }
    }

    private final World world;
    private final Bug bug;
    private PublishedIndex index = new PublishedIndex();
    private Phase phase = Phase.STANDBY;
    /** Counts its runs: whatever belongs to an earlier run is gone. */
    private int run;

    private boolean isInLoop;
    private String transactionalId = "";
    private int epoch;
    private int stream;
    private int cursor;
    private Optional<String> stored = Optional.empty();
    private AuditRecord audit = AuditRecord.beginning(Instant.EPOCH);
    private AuditTally tally = AuditTally.none();
    private StartDecision.@Nullable Start start;
    private @Nullable PublishLoop loop;

    Replica(World world, Bug bug) {
        this.world = world;
        this.bug = bug;
    }

    /** Takes one step, unless it is in the middle of one. */
    void step() {
        if (isInLoop) {
            return;
        }
        if (phase != Phase.STANDBY && world.lockHolder != this && world.random.nextInt(12) == 0) {
            endRun(); // the session check
            return;
        }
        switch (phase) {
            case STANDBY -> takeLock();
            case LOCKED -> fenceOthers();
            case FENCED_OTHERS -> decide();
            case DECIDED -> openStream();
            case STREAMING -> publish();
        }
    }

    private void takeLock() {
        if (world.lockHolder == null) {
            world.lockHolder = this;
            phase = Phase.LOCKED;
            if (bug == Bug.POSITION_READ_BEFORE_INIT) {
                stored = world.broker.lastPosition(false);
            }
        }
    }

    private void fenceOthers() {
        transactionalId = bug == Bug.RANDOM_TRANSACTIONAL_ID ? "t" + world.random.nextInt() : "t";
        epoch = world.broker.init(transactionalId);
        phase = Phase.FENCED_OTHERS;
    }

    private void decide() {
        if (bug != Bug.POSITION_READ_BEFORE_INIT) {
            stored = world.broker.lastPosition(bug == Bug.READ_UNCOMMITTED);
        }
        audit = bug == Bug.DIGEST_OUTSIDE_TRANSACTION ? world.broker.auditOutside() : world.broker.lastAudit();
        StartDecision decision = StartDecision.decide(
                stored.map(json -> SourcePosition.fromJson(json.getBytes(StandardCharsets.UTF_8))),
                Optional.of(world.wal.slot()),
                "tidemark",
                IDENTITY,
                TimelineHistory.none(1),
                world.wal.end());
        if (!(decision instanceof StartDecision.Start decided)) {
            throw new Violation("G1: nothing was lost, but: " + decision);
        }
        start = decided;
        if (!world.publication.isSinceThen(decided, bug)) {
            endRun(); // halted, or in doubt
            return;
        }
        Map<TopicPartition, Long> recordEnds = new HashMap<>();
        for (int partition = 0; partition < Wal.PARTITIONS; partition++) {
            long logEnd = world.broker.log(partition).size();
            recordEnds.put(
                    Group.partition(partition),
                    bug == Bug.LOG_END_AS_WATERMARK ? logEnd : world.broker.recordEnd(partition));
        }
        if (!index.isCompleteAt(decided.resumePoint(), 0)) {
            index.startAt(decided.resumePoint(), Adoptions.NONE, recordEnds);
        }
        phase = Phase.DECIDED;
    }

    private void openStream() {
        StartDecision.Start decided = Objects.requireNonNull(start);
        stream = world.wal.openStream();
        if (!world.wal.slot().confirmed().equals(decided.slotConfirmed())) {
            endRun(); // a late confirmation of the last stream; the real engine notices it too
            return;
        }
        cursor = world.wal.firstFrom(decided.slotConfirmed());
        StartDecision.Start begins = bug == Bug.NO_FILTER
                ? new StartDecision.Start(decided.slotConfirmed(), ResumePoint.after(decided.slotConfirmed()))
                : decided;
        tally = AuditTally.from(audit);
        loop = new PublishLoop(scope(), begins, new Unobserved());
        phase = Phase.STREAMING;
    }

    private RunScope scope() {
        int number = stream;
        int ofRun = run;
        return new RunScope(
                IDENTITY,
                "sim",
                "relay/" + number,
                Adoptions.NONE,
                new ChangeRing(1, 1), // the world delivers changes itself
                new Router(
                        List.of(new RouteConfig("*", "order", null, null)), HeaderStyle.TIDEMARK, IDENTITY.sourceId()),
                new PublishedTopics(new OneTopic(), new TopicIds(Map.of())),
                new SimulatedTransaction(world, this, ofRun, transactionalId, epoch, bug, number),
                new SimulatedPublication.Gate(world, this, ofRun, bug),
                new OwnIndex(),
                lsn -> confirm(number, ofRun, lsn),
                tally,
                new LimitsConfig(DataSize.bytes(SPLIT_BYTES), BATCH_EVENTS, world.spillDirectory));
    }

    /** Publishes some of what the stream holds, and the transactions that it completes. */
    private void publish() {
        List<Change> changes = new ArrayList<>();
        int most = 1 + world.random.nextInt(MOST_CHANGES_A_TURN);
        while (changes.size() < most
                && world.wal.isOpen(stream)
                && cursor < world.wal.entries().size()) {
            Wal.Entry entry = world.wal.entries().get(cursor++);
            if (!entry.isSkipped()) {
                receive(entry, changes);
            }
        }
        if (changes.isEmpty()) {
            if (!world.wal.isOpen(stream)) {
                endRun();
            }
            return;
        }
        int ofRun = run;
        isInLoop = true;
        boolean goesOn = false;
        try {
            Objects.requireNonNull(loop).publish(changes);
            goesOn = true;
        } catch (Gone | PublishFailure e) { // killed or ended meanwhile, or fenced
            goesOn = false;
        } catch (InterruptedException | CaptureFailed | SQLException e) {
            throw new IllegalStateException("nothing waits here, and nothing is asked for", e);
        } finally {
            isInLoop = false;
        }
        if (!goesOn && run == ofRun) {
            endRun();
        }
    }

    private void receive(Wal.Entry entry, List<Change> changes) {
        for (int event : entry.events()) {
            changes.add(new CapturedEvent(
                    Integer.toString(event),
                    "order",
                    "a",
                    "t",
                    new byte[0],
                    null,
                    null,
                    null,
                    null,
                    TimeUnit.DAYS.toMillis(Wal.dayOf(event).toEpochDay())));
        }
        Lsn commitLsn = bug == Bug.ROW_LSN_FOR_COMMIT_LSN ? entry.firstRowLsn() : entry.end();
        changes.add(entry.events().isEmpty() ? new Change.Barrier(entry.end()) : new Change.Commit(commitLsn, 0));
    }

    /** Confirms over the stream's connection, immediately or late. */
    private void confirm(int ofStream, int ofRun, Lsn lsn) {
        if (world.random.nextBoolean()) {
            world.wal.confirm(ofStream, lsn);
        } else {
            world.late.add(() -> world.wal.confirm(ofStream, lsn));
        }
        letTheWorldGoOn(ofRun);
    }

    /**
     * Lets the rest of the world take steps, before or after something of this replica reaches the outside.
     *
     * @throws Gone if the run has ended meanwhile
     */
    void letTheWorldGoOn(int ofRun) {
        world.goOn();
        if (isGone(ofRun)) {
            throw new Gone();
        }
    }

    boolean isGone(int ofRun) {
        return run != ofRun;
    }

    /** Ends the run, not the process: its index stays, and so do messages on their way to the brokers. */
    void endRun() {
        run++;
        if (world.lockHolder == this) {
            world.lockHolder = null;
        }
        phase = Phase.STANDBY;
        if (loop != null && !isInLoop) {
            loop.close();
        }
        loop = null;
    }

    /** Ends the process, like {@code kill -9}. */
    void crash() {
        endRun();
        index = new PublishedIndex();
    }

    boolean isServing() {
        return phase == Phase.DECIDED || phase == Phase.STREAMING;
    }

    /** Whether it streams and is not in the middle of a step. */
    boolean isReady() {
        return phase == Phase.STREAMING && !isInLoop;
    }

    /** The number of its run, for {@link #isGone}. */
    int run() {
        return run;
    }

    /** The counts of its last run that streamed. */
    AuditTally tally() {
        return tally;
    }

    Lsn published() {
        return index.published();
    }

    /** The watermark that this replica would report for a group with these offsets. */
    Lsn watermark(Map<TopicPartition, Long> offsets) {
        Map<TopicPartition, Long> committed = new HashMap<>(offsets);
        if (bug == Bug.EMPTY_PARTITION_IGNORED) {
            for (int partition = 0; partition < Wal.PARTITIONS; partition++) {
                committed.putIfAbsent(Group.partition(partition), Long.MAX_VALUE);
            }
        }
        return index.watermark(World.TOPICS, committed);
    }

    /** This process's index. A run that has ended lost it in a crash, or no longer changes it. */
    private final class OwnIndex implements RunIndex {

        private final PublishedIndex mine = index;
        private final int ofRun = run;

        @Override
        public void apply(IndexEntry entry) {
            letTheWorldGoOn(ofRun);
            mine.apply(entry);
        }

        @Override
        public void anchoredBy(String session) {
            mine.anchoredBy(session);
        }
    }

    private static final class Unobserved implements LoopListener {

        @Override
        public void anchored() {}

        @Override
        public void published(int events, int deadLetters, long oldestCommitMillis) {}

        @Override
        public boolean turned() {
            return true;
        }
    }
}
