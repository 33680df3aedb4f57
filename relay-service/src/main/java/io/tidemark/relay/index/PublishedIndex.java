// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.index;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.index.IndexEntry.Addition;
import io.tidemark.relay.position.Adoptions;
import io.tidemark.relay.position.ResumePoint;
import io.tidemark.relay.source.SourceIdentity;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.kafka.common.TopicPartition;

/**
 * Maps an LSN to offsets: the offset that a consumer must have committed in each partition to have consumed everything
 * up to that LSN. Bounded: old entries are merged, which can make answers later, never wrong. Fed by this replica's run
 * and by the entries of others. When an entry is missing, nothing after it counts as published until the ends of the
 * partitions have been read. Safe on any thread.
 */
public final class PublishedIndex {

    private final Predicate<String> declared;
    private final PartitionIndexes partitions = new PartitionIndexes();
    /** Topics of the source, as far as entries have shown them; also undeclared ones. */
    private final Set<String> topicsWritten = new HashSet<>();

    /** When publishing reached which LSN: the same histogram, with times in place of offsets. */
    private PartitionIndex times = new PartitionIndex();

    private final Gap gap = new Gap();
    private Optional<SourceIdentity> source = Optional.empty();
    private ResumePoint reached = ResumePoint.after(Lsn.ZERO);
    private Lsn published = Lsn.ZERO;
    private OptionalLong eventsNanos = OptionalLong.empty();
    private int adoptions;
    private Adoptions whatWasLeftOut = Adoptions.NONE;
    private long generation;
    /** The session of the run whose entry was applied last. */
    private String session = "";

    private String ownSession = "";

    /** Keeps every topic. */
    public PublishedIndex() {
        this(topic -> true);
    }

    /** Keeps only these topics: no queries for others are made. */
    public PublishedIndex(Predicate<String> declared) {
        this.declared = declared;
        gap.open(new Lsn(0));
    }

    /**
     * From now on the index is about this database. If its content is about another database, or another timeline,
     * where LSNs have another meaning, the content is forgotten.
     *
     * @return whether something was forgotten
     */
    public synchronized boolean belongTo(SourceIdentity identity) {
        boolean other = source.isPresent() && !source.get().equals(identity);
        if (other) {
            clear();
            topicsWritten.clear();
            adoptions = 0;
        }
        source = Optional.of(identity);
        return other;
    }

    private void clear() {
        generation++;
        partitions.clear();
        times = new PartitionIndex();
        reached = ResumePoint.after(Lsn.ZERO);
        published = Lsn.ZERO;
        eventsNanos = OptionalLong.empty();
        whatWasLeftOut = Adoptions.NONE;
        session = "";
        ownSession = "";
        gap.open(new Lsn(0));
    }

    /** Changes whenever everything is forgotten: conclusions drawn before are then invalid. */
    public synchronized long generation() {
        return generation;
    }

    /**
     * The point up to which it has followed. It is above {@link #published} when an entry is missing or a transaction
     * is split.
     */
    synchronized ResumePoint reached() {
        return reached;
    }

    /** Whether its present and future content is about this database. */
    public synchronized boolean isAbout(SourceIdentity identity) {
        return source.isPresent() && source.get().equals(identity);
    }

    /**
     * Whether it is complete up to this point, so that a run can continue from it without reading the partitions' ends.
     */
    public synchronized boolean isCompleteAt(ResumePoint point, int adoptions) {
        return this.adoptions == adoptions && !gap.isOpen() && reached.isSamePlaceAs(point);
    }

    /**
     * A run of this replica begins there. Events published by others, or in a transaction with an unknown outcome, lie
     * above what this index knows as published and below the ends that were just read.
     *
     * @param recordEnds of every partition of the declared topics, read after the point
     */
    public synchronized void startAt(ResumePoint point, Adoptions adoptions, Map<TopicPartition, Long> recordEnds) {
        adopt(adoptions.count());
        if (!point.isAtLeast(reached)) { // further back without an adoption: the content is about something else
            clear();
        }
        moveTo(point);
        fill(recordEnds, adoptions);
    }

    /** Events published before an adoption no longer count. */
    private void adopt(int count) {
        if (count > adoptions) {
            clear();
            adoptions = count;
        }
    }

    private void moveTo(ResumePoint point) {
        if (!gap.isOpen()) {
            gap.open(new Lsn(reached.complete().value() + 1));
        } else {
            gap.again(new Lsn(reached.complete().value() + 1));
        }
        reached = point;
    }

    /**
     * A Kafka transaction was committed. Its additions and the LSN they reach become visible together: a reader sees
     * both or neither. Does nothing if they are already known.
     */
    public synchronized void apply(IndexEntry entry) {
        if (entry.adoptions() < adoptions) {
            return;
        }
        adopt(entry.adoptions());
        boolean isKnown = reached.isAtLeast(entry.to());
        if (isKnown && !(entry.isOpening() && reached.isSamePlaceAs(entry.to()))) {
            return;
        }
        if (!reached.isSamePlaceAs(entry.from())) {
            moveTo(entry.from());
        }
        if (!entry.additions().isEmpty()) {
            eventsNanos = OptionalLong.of(System.nanoTime());
        }
        entry.additions().forEach(this::add);
        if (reached.lsn().value() != entry.to().lsn().value()) {
            times.add(entry.to().lsn(), entry.epochMillis());
        }
        reached = entry.to();
        session = entry.session();
        if (!gap.isOpen()) {
            published = Lsn.max(published, reached.complete());
        }
    }

    private void add(TopicPartition partition, List<Addition> additions) {
        topicsWritten.add(partition.topic());
        if (!declared.test(partition.topic())) {
            return;
        }
        Optional<Lsn> unknownFrom = gap.isOpen() ? gap.close(partition) : Optional.empty();
        boolean first = true;
        for (Addition addition : additions) {
            Lsn from = addition.firstLsn();
            if (first && unknownFrom.isPresent() && from.isAfter(unknownFrom.get())) {
                from = unknownFrom.get();
            }
            first = false;
            partitions.of(partition).add(from, addition.endOffset());
        }
    }

    /**
     * Number of the open gap: whether an entry is missing, or none was ever seen. Different for each gap; 0 when none
     * is open.
     */
    public synchronized long openGap() {
        return gap.number();
    }

    /**
     * Closes a gap: everything that is missing lies below these ends.
     *
     * @param gapNumber the result of {@link #openGap} before the ends were read; ignored for another gap
     * @param recordEnds of every partition of the declared topics
     * @param adoptions of the position, also read after the gap was seen; ignored when older than those of the index
     */
    public synchronized void fillGap(long gapNumber, Map<TopicPartition, Long> recordEnds, Adoptions adoptions) {
        if (gap.isOpen() && gap.number() == gapNumber && adoptions.count() >= this.adoptions) {
            fill(recordEnds, adoptions);
        }
    }

    private void fill(Map<TopicPartition, Long> recordEnds, Adoptions adoptions) {
        whatWasLeftOut = adoptions;
        recordEnds.forEach((partition, end) -> gap.close(partition).ifPresent(unknownFrom -> {
            if (end > 0 && declared.test(partition.topic())) {
                partitions.of(partition).add(unknownFrom, end);
            }
        }));
        gap.fill();
        published = Lsn.max(published, reached.complete());
    }

    /** A run of this replica, whose lock this session holds, has proved that its history is the published one. */
    public synchronized void anchoredBy(String ownSession) {
        this.ownSession = ownSession;
    }

    /** Whether the run that holds its lock by this session has proved that its history is the published one. */
    public synchronized boolean isAnchoredBy(String holder) {
        return holder.equals(session) || holder.equals(ownSession);
    }

    /** Everything with a commit LSN at or below it is in committed Kafka transactions, except for {@link #leftOut}. */
    public synchronized Lsn published() {
        return published;
    }

    /**
     * When it last learned of a Kafka transaction with events, by {@link System#nanoTime}; other transactions are only
     * progress.
     */
    public synchronized OptionalLong eventsNanos() {
        return eventsNanos;
    }

    /** The range around this LSN, if any, that a person has left out: whether its events were published is unknown. */
    public synchronized Optional<Adoptions.LeftOut> leftOut(Lsn lsn) {
        return whatWasLeftOut.rangeOf(lsn);
    }

    /** The topics that events of the source were published to, as far as it has followed; also undeclared ones. */
    public synchronized Set<String> topicsWritten() {
        return Set.copyOf(topicsWritten);
    }

    /** The partitions of these topics that hold anything to consume; the others need nothing. */
    public synchronized Set<TopicPartition> partitionsOf(Set<String> topics) {
        return partitions.in(topics);
    }

    /**
     * The highest LSN up to which a group has consumed everything in these topics: in every partition that holds their
     * events, including one that was created after {@code committed} was read.
     *
     * @param committed the group's committed offsets; a partition without one counts as 0
     * @return never above {@link #published}
     */
    public synchronized Lsn watermark(Set<String> topics, Map<TopicPartition, Long> committed) {
        return partitions.consumedUpToIn(topics, committed, published);
    }

    /** Like {@link #watermark}, for these partitions alone. */
    public synchronized Lsn consumedUpTo(Set<TopicPartition> some, Map<TopicPartition, Long> committed) {
        return partitions.consumedUpTo(some, committed, published);
    }

    /**
     * The offset a group must have committed in the partition to have consumed everything up to {@code lsn}; 0 for
     * none.
     */
    public synchronized long need(TopicPartition partition, Lsn lsn) {
        PartitionIndex index = partitions.find(partition);
        return index == null ? 0 : index.need(lsn);
    }

    /** Number of stored pairs of LSN and offset. */
    public synchronized int pairs() {
        return partitions.pairs();
    }

    /**
     * When publishing first moved above {@code lsn}, in milliseconds since 1970 by the publisher's clock; empty when it
     * has not, or the time is no longer known.
     */
    public synchronized OptionalLong publishedAfter(Lsn lsn) {
        long millis = times.firstAfter(lsn);
        return millis == 0 ? OptionalLong.empty() : OptionalLong.of(millis);
    }
}
