// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.simulation;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.account.DayDigest;
import io.tidemark.relay.account.IdHash;
import io.tidemark.relay.publication.PublicationLook;
import io.tidemark.relay.publication.PublicationState;
import io.tidemark.relay.source.SlotState;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;

/** Postgres: the committed transactions, in commit order, and one slot that at most one stream holds. */
final class Wal {

    static final int PARTITIONS = 3;
    private static final Lsn CREATED = new Lsn(1000);
    /** From the start of a commit record to its end. */
    private static final int COMMIT_RECORD_BYTES = 48;

    /**
     * A transaction, or a nudge if it has no events.
     *
     * @param firstRowLsn where its first row starts; may be below the commit of an earlier one
     * @param commitStart Postgres sends it if this is at or above the confirmed LSN
     * @param events each with a unique number, which determines its partition
     * @param isSkipped whether no stream ever has it: it was committed under another publication
     */
    record Entry(Lsn firstRowLsn, Lsn commitStart, Lsn end, List<Integer> events, boolean isSkipped) {}

    private final Random random;
    private final List<Entry> entries = new ArrayList<>();
    private Lsn end = CREATED;
    private Lsn confirmed = CREATED;
    private int nextEvent;
    private boolean isPublicationOther;
    private boolean isAlterationInFlight;
    /** Whether the current alteration, or the one to be undone next, is of the table. */
    private boolean isOfTable;

    private int publicationVersion;
    private int tableVersion;
    /** Counts the streams; the newest holds the slot. */
    private int stream;

    Wal(Random random) {
        this.random = random;
    }

    Entry commitSomething() {
        List<Integer> events = new ArrayList<>();
        int dice = random.nextInt(20);
        int count = dice == 0 ? 8 + random.nextInt(12) : dice < 4 ? 0 : 1 + random.nextInt(3);
        for (int i = 0; i < count; i++) {
            events.add(nextEvent++);
        }
        Lsn firstRow = new Lsn(Math.max(CREATED.value(), end.value() - random.nextInt(300)));
        Lsn commitStart = new Lsn(end.value() + (random.nextInt(4) == 0 ? 0 : random.nextInt(200)));
        end = new Lsn(commitStart.value() + COMMIT_RECORD_BYTES);
        Entry entry = new Entry(firstRow, commitStart, end, events, isPublicationOther && !events.isEmpty());
        entries.add(entry);
        return entry;
    }

    /** Moves the stream to the end, also if rows before it are skipped. */
    Lsn nudge() {
        Lsn commitStart = end;
        end = new Lsn(end.value() + COMMIT_RECORD_BYTES);
        entries.add(new Entry(commitStart, commitStart, end, List.of(), false));
        return end;
    }

    /**
     * The next step of a person who alters the publication, or replaces the table by another one, and undoes it. From
     * the commit record on, the change decides what is decoded; it becomes visible a while later.
     */
    void stepOfAlteration() {
        if (isAlterationInFlight) {
            isAlterationInFlight = false;
            if (isOfTable) {
                tableVersion++;
            } else {
                publicationVersion++;
            }
        } else {
            isAlterationInFlight = true;
            isOfTable = isPublicationOther ? isOfTable : random.nextInt(3) == 0;
            isPublicationOther = !isPublicationOther;
        }
    }

    /** Whether the publication is as it should be, with no change in progress. */
    boolean isPublicationRight() {
        return !isAlterationInFlight && !isPublicationOther;
    }

    PublicationLook look() {
        return isAlterationInFlight
                ? new PublicationLook.InDoubt("an open transaction")
                : new PublicationLook.Seen(new PublicationState(
                        "tidemark",
                        "outbox.event",
                        "tidemark",
                        "version " + publicationVersion,
                        "",
                        "",
                        "version " + tableVersion));
    }

    static int partitionOf(int event) {
        // partition 2 is first used late: until then the group has no committed offset there
        int spread = Math.floorMod(event * 0x9E3779B1, 16);
        return event > 40 && spread == 0 ? 2 : spread % 2;
    }

    /** Days pass, and some events are created the day before. */
    static LocalDate dayOf(int event) {
        return LocalDate.ofEpochDay(event / 40 + (event % 17 == 0 ? 0 : 1));
    }

    /** The events of each day that the stream has: all but those that the publication left out. */
    NavigableMap<LocalDate, DayDigest> days() {
        IdHash hash = new IdHash();
        TreeMap<LocalDate, DayDigest> days = new TreeMap<>();
        for (Entry entry : entries) {
            for (int event : entry.isSkipped() ? List.<Integer>of() : entry.events()) {
                days.merge(dayOf(event), new DayDigest(1, hash.of(Integer.toString(event))), DayDigest::plus);
            }
        }
        return days;
    }

    List<Entry> entries() {
        return entries;
    }

    Lsn end() {
        return end;
    }

    SlotState slot() {
        return new SlotState(
                confirmed, CREATED, "reserved", OptionalInt.empty(), OptionalLong.empty(), OptionalLong.empty());
    }

    /** Ends the current stream; returns the number of the new one. */
    int openStream() {
        return ++stream;
    }

    boolean isOpen(int number) {
        return number == stream;
    }

    /** The first entry that a stream from {@code start} sends. */
    int firstFrom(Lsn start) {
        int low = 0;
        int high = entries.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (start.isAfter(entries.get(middle).commitStart())) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** Confirms over a stream's connection; ignored if that stream has ended. */
    void confirm(int number, Lsn lsn) {
        if (isOpen(number)) {
            if (lsn.isAfter(end)) {
                throw new Violation("the slot was confirmed beyond the WAL");
            }
            confirmed = Lsn.max(confirmed, lsn);
        }
    }
}
