// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.simulation;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.account.AuditStanding;
import io.tidemark.relay.account.AuditTally;
import io.tidemark.relay.account.DayDigest;
import io.tidemark.relay.account.IdHash;
import io.tidemark.relay.cleanup.Accounts;
import io.tidemark.relay.cleanup.RealComparison;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The rows of the outbox, and a replica's cleanup, which deletes old days with the real comparison. */
final class SimulatedTable {

    /** The first number of rows that were never in the WAL as rows of the outbox. */
    private static final int FIRST_ATTACHED = 1_000_000;

    private static final int RETENTION_DAYS = 1;
    /** Maximum number of its relay's steps to wait for the barrier. */
    private static final int PATIENCE = 60;

    private final World world;
    private final Bug bug;
    private final NavigableMap<LocalDate, Set<Integer>> rows = new TreeMap<>();
    private final Set<LocalDate> deleted = new HashSet<>();
    private final SimulatedAuditor auditor;
    private int attached;
    /** The day to whose partition no row can be added now. */
    private @Nullable LocalDate locked;

    SimulatedTable(World world, Bug bug) {
        this.world = world;
        this.bug = bug;
        this.auditor = new SimulatedAuditor(world, this);
    }

    SimulatedAuditor auditor() {
        return auditor;
    }

    void insert(Wal.Entry entry) {
        for (int event : entry.events()) {
            rows.computeIfAbsent(Wal.dayOf(event), day -> new TreeSet<>()).add(event);
        }
    }

    /** An already filled table becomes a partition: neither the stream nor the catalog shows its rows. */
    void attachFilled() {
        List<LocalDate> old = oldDays();
        if (!old.isEmpty()) {
            LocalDate day = old.get(world.random.nextInt(old.size()));
            if (!day.equals(locked)) {
                rows.computeIfAbsent(day, d -> new TreeSet<>()).add(FIRST_ATTACHED + attached++);
            }
        }
    }

    private List<LocalDate> oldDays() {
        return rows.isEmpty()
                ? List.of()
                : new ArrayList<>(
                        rows.headMap(rows.lastKey().minusDays(RETENTION_DAYS)).keySet());
    }

    NavigableMap<LocalDate, Set<Integer>> rows() {
        return rows;
    }

    /** The days of which rows were deleted: their counts may be from before or after the deletion. */
    Set<LocalDate> deletedDays() {
        return deleted;
    }

    static DayDigest digest(Set<Integer> ids) {
        IdHash hash = new IdHash();
        return ids.stream()
                .map(id -> new DayDigest(1, hash.of(Integer.toString(id))))
                .reduce(DayDigest.NONE, DayDigest::plus);
    }

    /** The cleanup of a replica: it locks a day, writes its barrier, and waits for it while its relay continues. */
    void cleanUp(Replica replica) {
        List<LocalDate> old = oldDays();
        if (old.isEmpty() || !replica.isReady() || locked != null) {
            return;
        }
        cleanUp(replica, old.get(world.random.nextInt(old.size())));
    }

    private void cleanUp(Replica replica, LocalDate day) {
        int run = replica.run();
        Lsn barrier = world.wal.nudge();
        locked = day;
        for (int turn = 0; turn < PATIENCE && !replica.published().isAtLeast(barrier); turn++) {
            world.goOn();
            if (!replica.isGone(run)) {
                replica.step();
            }
        }
        if (replica.published().isAtLeast(barrier)) {
            delete(replica, day);
        }
        locked = null;
    }

    /** Cleans up each old day once. */
    void cleanUpAll(Replica replica) {
        oldDays().forEach(day -> cleanUp(replica, day));
    }

    private void delete(Replica replica, LocalDate day) {
        Set<Integer> ids = Set.copyOf(rows.getOrDefault(day, Set.of()));
        DayDigest digest = digest(ids);
        RealComparison comparison = new RealComparison(new OfRun(replica.tally()));
        if (ids.isEmpty() || (!comparison.isAccountedFor(day, digest) && !isOverlooked())) {
            return;
        }
        for (int id : ids) {
            if (!auditor.isAccountedFor(day, id)) {
                throw new Violation("G11: row " + id + " of " + day + " is deleted, and is not accounted for");
            }
        }
        rows.remove(day);
        deleted.add(day);
        world.goOn(); // the process may end before it has subtracted them
        comparison.deleted(day, digest);
    }

    private boolean isOverlooked() {
        return bug == Bug.CLEANUP_WITHOUT_AUDIT
                || (bug == Bug.CLEANUP_RIGHT_AFTER_ADOPT && world.publication.isAdopted());
    }

    /** The counts of a run, and what the auditor has settled. */
    private final class OfRun implements Accounts {

        private final AuditTally tally;

        OfRun(AuditTally tally) {
            this.tally = tally;
        }

        @Override
        public DayDigest counted(LocalDate day) {
            return tally.of(day);
        }

        @Override
        public DayDigest accountedElsewhere(LocalDate day) {
            return auditor.settled().of(day);
        }

        @Override
        public void deleted(LocalDate day, DayDigest gone) {
            tally.forget(day, gone);
        }

        @Override
        public void found(AuditStanding standing) {}
    }
}
