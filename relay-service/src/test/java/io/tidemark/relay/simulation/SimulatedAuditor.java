// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.simulation;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.account.AuditRecord;
import io.tidemark.relay.account.DayDigest;
import io.tidemark.relay.account.SettledDays;
import io.tidemark.relay.position.SourcePosition;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.HashSet;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A person who audits: compares rows with what can be read, replays or gives up what is missing, and settles days. */
final class SimulatedAuditor {

    private final World world;
    private final SimulatedTable table;
    private final Set<Integer> replayed = new HashSet<>();
    private SettledDays settled = SettledDays.NONE;
    private @Nullable Begun begun;

    /** A snapshot, the counts before it, and a barrier after it. */
    private record Begun(AuditRecord before, NavigableMap<LocalDate, Set<Integer>> rows, Lsn barrier) {}

    SimulatedAuditor(World world, SimulatedTable table) {
        this.world = world;
        this.table = table;
    }

    SettledDays settled() {
        return settled;
    }

    /** Whether the row is in Kafka, or was given up by the person. */
    boolean isAccountedFor(LocalDate day, int row) {
        return world.broker.offsetOf(row) != null || replayed.contains(row) || settled.isReleased(day);
    }

    /** The next step of an audit: it takes its snapshot or, once everything in the snapshot is published, compares. */
    void step() {
        Begun now = begun;
        if (now == null) {
            AuditRecord before = world.broker.lastAudit();
            world.goOn();
            NavigableMap<LocalDate, Set<Integer>> rows = new TreeMap<>();
            table.rows().forEach((day, ids) -> rows.put(day, Set.copyOf(ids)));
            begun = new Begun(before, rows, world.wal.nudge());
        } else if (published().isAtLeast(now.barrier())) {
            begun = null;
            compare(now);
        }
    }

    private Lsn published() {
        return world.broker
                .lastPosition(false)
                .map(json -> SourcePosition.fromJson(json.getBytes(StandardCharsets.UTF_8)))
                .map(position -> position.resumePoint().complete())
                .orElse(Lsn.ZERO);
    }

    private void compare(Begun now) {
        AuditRecord counted = world.broker.lastAudit();
        SettledDays found = settled;
        for (var each : now.rows().entrySet()) {
            LocalDate day = each.getKey();
            boolean isClean = each.getValue().stream().allMatch(row -> isAccountedFor(day, row));
            boolean isGivenUp = !isClean && world.random.nextInt(8) == 0;
            boolean isStill = now.before().of(day).equals(counted.of(day));
            if (isStill && (isClean || isGivenUp)) {
                DayDigest difference = SimulatedTable.digest(each.getValue()).minus(counted.of(day));
                found = isGivenUp ? found.with(day, difference).released(day) : found.with(day, difference);
            } else if (!isClean && world.random.nextBoolean()) {
                replayed.addAll(each.getValue()); // the next audit finds them
            }
        }
        world.goOn();
        settled = found;
    }
}
