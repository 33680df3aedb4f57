// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.simulation;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.account.AuditRecord;
import io.tidemark.relay.account.DayDigest;
import io.tidemark.relay.position.SourcePosition;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A database, a Kafka, three replicas and a consumer group. Everything happens in an order drawn from a seed. */
final class World {

    static final Set<String> TOPICS = Set.of("order");
    private static final int QUIET_STEPS = 100_000;
    private static final int MAX_DEPTH = 3;

    final Random random;
    final Wal wal;
    final Broker broker = new Broker();
    final Group group = new Group(broker);
    final SimulatedPublication publication = new SimulatedPublication(this);
    /** Messages that were sent and may arrive at any time, also after the end of their sender. */
    final List<Runnable> late = new ArrayList<>();

    @Nullable
    Replica lockHolder;

    /** Directory for transactions that are too large for memory. */
    final String spillDirectory;

    private final Bug bug;
    private final SimulatedTable table;
    private final List<Replica> replicas;
    /** How many replicas are in the middle of a step, each within a call of the one before. */
    private int depth;
    /** No more faults, and no replica's call is interleaved with other steps. */
    private boolean isQuiet;

    private Lsn verifiedUpTo = Lsn.ZERO;
    private int verifiedEntries;

    World(long seed, Bug bug, Path spillDirectory) {
        this.bug = bug;
        random = new Random(seed);
        this.spillDirectory = spillDirectory.toString();
        wal = new Wal(random);
        table = new SimulatedTable(this, bug);
        replicas = List.of(new Replica(this, bug), new Replica(this, bug), new Replica(this, bug));
    }

    /** Takes this number of steps with faults, then quiet ones until everything is published, and checks. */
    void live(int steps) {
        for (int i = 0; i < steps; i++) {
            step();
        }
        settle();
        checkEverything();
    }

    private void step() {
        Replica replica = replicas.get(random.nextInt(replicas.size()));
        int dice = random.nextInt(1000);
        if (dice < 80) {
            table.insert(wal.commitSomething());
        } else if (dice < 300) {
            group.consume(random.nextInt(Wal.PARTITIONS));
        } else if (dice < 360) {
            group.commit(random.nextInt(Wal.PARTITIONS), random);
        } else if (dice < 420) {
            checkWatermark(replica);
        } else if (dice < 425) {
            replica.crash();
        } else if (dice < 430) {
            lockHolder = null; // its session has ended, and it does not know
        } else if (dice < 432) {
            broker.timeOutOpenTransactions();
        } else if (dice < 450) {
            deliverLate();
        } else if (dice < 452 && publication.isRecorded()) {
            wal.stepOfAlteration();
        } else if (dice < 460 && !wal.isPublicationRight()) {
            wal.stepOfAlteration(); // such a state does not last long
        } else if (dice < 480) {
            adoptIfHalted();
        } else if (dice < 510) {
            table.cleanUp(random.nextBoolean() || lockHolder == null ? replica : lockHolder);
        } else if (dice < 518) {
            table.auditor().step();
        } else if (dice < 521) {
            table.attachFilled();
        } else {
            replica.step();
        }
    }

    /**
     * During a replica's call to the outside, the rest of the world usually stands still, and sometimes takes many
     * steps.
     */
    void goOn() {
        if (depth >= MAX_DEPTH || isQuiet) {
            return;
        }
        int dice = random.nextInt(40);
        int steps = dice == 0 ? random.nextInt(60) : dice < 12 ? 1 : 0;
        depth++;
        try {
            for (int i = 0; i < steps; i++) {
                step();
            }
        } finally {
            depth--;
        }
    }

    private void deliverLate() {
        if (!late.isEmpty()) {
            late.remove(random.nextInt(late.size())).run();
        }
    }

    private void adoptIfHalted() {
        broker.lastPosition(false)
                .map(json -> SourcePosition.fromJson(json.getBytes(StandardCharsets.UTF_8)))
                .ifPresent(position ->
                        publication.adoptIfHalted(position.resumePoint().complete()));
    }

    /**
     * G10: an event that never came through the stream does not count as published, unless it was reported to a person.
     */
    private void checkPublished(Lsn published) {
        for (Wal.Entry entry : wal.entries()) {
            if (entry.isSkipped() && published.isAtLeast(entry.end()) && !publication.isNamed(entry.end())) {
                throw new Violation("G10: everything up to " + published + " counts as published, but the events "
                        + entry.events() + " at " + entry.end() + " never came through the stream");
            }
        }
    }

    /** G7: the group has applied and committed everything up to its reported watermark. */
    private void checkWatermark(Replica replica) {
        if (!replica.isServing()) {
            return;
        }
        checkPublished(replica.published());
        Lsn watermark = replica.watermark(group.committed());
        if (!watermark.isAfter(verifiedUpTo)) {
            return;
        }
        List<Wal.Entry> entries = wal.entries();
        while (verifiedEntries < entries.size()
                && !entries.get(verifiedEntries).end().isAfter(watermark)) {
            Wal.Entry entry = entries.get(verifiedEntries);
            for (int event : entry.isSkipped() ? List.<Integer>of() : entry.events()) { // skipped: checked above
                Long offset = broker.offsetOf(event);
                if (offset == null || !group.hasCommitted(Wal.partitionOf(event), offset)) {
                    throw new Violation("G7: the watermark is " + watermark + ", but event " + event + " at "
                            + entry.end() + " is not consumed");
                }
            }
            verifiedEntries++;
        }
        verifiedUpTo = watermark;
    }

    private void settle() {
        isQuiet = true;
        while (!wal.isPublicationRight()) {
            wal.stepOfAlteration();
        }
        wal.nudge();
        for (int i = 0; i < QUIET_STEPS; i++) {
            Replica active = lockHolder;
            if (i % 1000 == 999) {
                broker.timeOutOpenTransactions();
            }
            if (active != null && active.isServing() && active.published().equals(wal.end())) {
                checkPublished(active.published());
                return;
            }
            adoptIfHalted();
            replicas.get(random.nextInt(replicas.size())).step();
        }
        throw new Violation("L1: not everything is published after " + QUIET_STEPS + " quiet steps");
    }

    private void checkEverything() {
        for (Wal.Entry entry : wal.entries()) {
            for (int event : entry.events()) {
                if (broker.offsetOf(event) == null && !(entry.isSkipped() && publication.isNamed(entry.end()))) {
                    throw new Violation("G1: event " + event + " is not readable");
                }
            }
        }
        checkCounted(bug == Bug.DIGEST_OUTSIDE_TRANSACTION ? broker.auditOutside() : broker.lastAudit());
        table.cleanUpAll(Objects.requireNonNull(lockHolder));
        for (int partition = 0; partition < Wal.PARTITIONS; partition++) {
            checkOrder(broker.log(partition));
            for (int i = broker.log(partition).size(); i >= 0; i--) {
                group.consume(partition);
            }
        }
        Objects.requireNonNull(lockHolder).crash(); // the next replica then knows only what Kafka's logs contain
        settle();
        Lsn watermark = Objects.requireNonNull(lockHolder).watermark(group.applied());
        if (!watermark.equals(wal.end())) {
            throw new Violation("L2: everything is consumed, but the watermark stays at " + watermark);
        }
    }

    /** G11: the counts of a day match the stream, as long as none of its rows were deleted. */
    private void checkCounted(AuditRecord audit) {
        Map<LocalDate, DayDigest> expected = wal.days();
        Map<LocalDate, DayDigest> counted = new TreeMap<>(audit.days());
        expected.keySet().removeAll(table.deletedDays());
        counted.keySet().removeAll(table.deletedDays());
        if (!counted.equals(expected)) {
            throw new Violation("G11: the stream has " + expected + ", and counted are " + counted);
        }
    }

    /** Number of days that the cleanup has deleted. */
    int deletedDays() {
        return table.deletedDays().size();
    }

    /** G4 and G5: events are numbered in commit order. */
    private static void checkOrder(List<Broker.Entry> log) {
        Broker.@Nullable Entry last = null;
        for (Broker.Entry entry : log) {
            if (entry.isMarker() || !entry.txn().committed) {
                continue;
            }
            if (last != null) {
                int byLsn = Long.compareUnsigned(entry.commitLsn(), last.commitLsn());
                if (entry.event() <= last.event() || byLsn < 0 || (byLsn == 0 && entry.ordinal() <= last.ordinal())) {
                    throw new Violation("G5: event " + entry.event() + " after event " + last.event());
                }
            }
            last = entry;
        }
    }
}
