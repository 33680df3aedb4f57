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
 * From LSN to offsets: which offset a consumer must have committed in each partition to have consumed everything up to
 * an LSN. Bounded: old entries are merged, which makes answers later at worst, never wrong. Fed by this replica's run
 * and by the entries of others; where one is missing, nothing beyond it counts as published until the ends of the
 * partitions have been read. Safe on any thread.
 */
public final class PublishedIndex {

    private final Predicate<String> declared;
    private final PartitionIndexes partitions = new PartitionIndexes();
    /** Of the source, as far as entries have told; also those that nobody declares. */
    private final Set<String> topicsWritten = new HashSet<>();

    /** When publishing came to which LSN: the same histogram, with times for offsets. */
    private PartitionIndex times = new PartitionIndex();

    private final Gap gap = new Gap();
    private Optional<SourceIdentity> source = Optional.empty();
    private ResumePoint reached = ResumePoint.after(Lsn.ZERO);
    private Lsn published = Lsn.ZERO;
    private OptionalLong eventsNanos = OptionalLong.empty();
    private int adoptions;
    private Adoptions whatWasLeftOut = Adoptions.NONE;
    private long generation;
    /** Of the run whose entry was applied last. */
    private String session = "";

    private String ownSession = "";

    /** Keeps every topic. */
    public PublishedIndex() {
        this(topic -> true);
    }

    /** Keeps these topics only: nobody asks about others. */
    public PublishedIndex(Predicate<String> declared) {
        this.declared = declared;
        gap.open(new Lsn(0));
    }

    /**
     * What follows is about this database; if what is there is about another, or another timeline, whose LSNs mean
     * something else, it is forgotten.
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

    /** Another one when everything was forgotten: what was concluded from it before means nothing. */
    public synchronized long generation() {
        return generation;
    }

    /** Up to where it has followed; above {@link #published} where an entry is missing or a transaction is split. */
    synchronized ResumePoint reached() {
        return reached;
    }

    /** Whether what it holds, and will hold, is about this database. */
    public synchronized boolean isAbout(SourceIdentity identity) {
        return source.isPresent() && source.get().equals(identity);
    }

    /** Whether it is complete up to this point, so that a run can go on from it without reading the partitions' ends. */
    public synchronized boolean isCompleteAt(ResumePoint point, int adoptions) {
        return this.adoptions == adoptions && !gap.isOpen() && reached.isSamePlaceAs(point);
    }

    /**
     * A run of this replica begins there. Events published by others, or in a transaction whose outcome was not known,
     * lie above what this index knows as published and below the ends read now.
     *
     * @param recordEnds of every partition of the declared topics, read after the point was
     */
    public synchronized void startAt(ResumePoint point, Adoptions adoptions, Map<TopicPartition, Long> recordEnds) {
        adopt(adoptions.count());
        if (!point.isAtLeast(reached)) { // no adoption, and yet further back: what is known is of something else
            clear();
        }
        moveTo(point);
        fill(recordEnds, adoptions);
    }

    /** What was published before a person let the source go on elsewhere counts no more. */
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
     * A Kafka transaction was committed. Its additions and the LSN they reach come at once: a reader sees both or
     * neither. What is known already changes nothing.
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

    /** Whether an entry is missing, or none was ever seen; tells them apart, and 0 when there is none. */
    public synchronized long openGap() {
        return gap.number();
    }

    /**
     * Everything that is missing lies below these ends.
     *
     * @param gapNumber what {@link #openGap} said before they were read; of another gap they say nothing
     * @param recordEnds of every partition of the declared topics
     * @param adoptions of the position, read after the gap was seen too; of older ones they say nothing either
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

    /** A run of this replica, whose lock this session holds, has shown that its history is the published one. */
    public synchronized void anchoredBy(String ownSession) {
        this.ownSession = ownSession;
    }

    /** Whether the run that holds its lock by this session has shown that its history is the published one. */
    public synchronized boolean isAnchoredBy(String holder) {
        return holder.equals(session) || holder.equals(ownSession);
    }

    /** Everything with a commit LSN at or below it is in committed Kafka transactions, but for {@link #leftOut}. */
    public synchronized Lsn published() {
        return published;
    }

    /** When it last learnt of a Kafka transaction with events, by {@link System#nanoTime}; others are but progress. */
    public synchronized OptionalLong eventsNanos() {
        return eventsNanos;
    }

    /** The range around this LSN, if any, whose events a person has left out: published or not, nobody knows. */
    public synchronized Optional<Adoptions.LeftOut> leftOut(Lsn lsn) {
        return whatWasLeftOut.rangeOf(lsn);
    }

    /** The topics that events of the source were published to, as far as it has followed; also undeclared ones. */
    public synchronized Set<String> topicsWritten() {
        return Set.copyOf(topicsWritten);
    }

    /** The partitions of these topics that hold anything to be consumed; in the others, nothing is needed. */
    public synchronized Set<TopicPartition> partitionsOf(Set<String> topics) {
        return partitions.in(topics);
    }

    /**
     * The highest LSN up to which a group has consumed everything in these topics: in every partition that holds
     * events of theirs, also one that came into being after {@code committed} was read.
     *
     * @param committed the group's committed offsets; a partition without one counts as 0
     * @return never above {@link #published}
     */
    public synchronized Lsn watermark(Set<String> topics, Map<TopicPartition, Long> committed) {
        return partitions.consumedUpToIn(topics, committed, published);
    }

    /** The same for these partitions alone. */
    public synchronized Lsn consumedUpTo(Set<TopicPartition> some, Map<TopicPartition, Long> committed) {
        return partitions.consumedUpTo(some, committed, published);
    }

    /** The offset a group must have committed in the partition to have consumed everything up to {@code lsn}; 0: none. */
    public synchronized long need(TopicPartition partition, Lsn lsn) {
        PartitionIndex index = partitions.find(partition);
        return index == null ? 0 : index.need(lsn);
    }

    /** How many pairs of LSN and offset it keeps. */
    public synchronized int pairs() {
        return partitions.pairs();
    }

    /**
     * When the first thing above {@code lsn} was published, in milliseconds since 1970 by the clock of who published
     * it; empty when nothing was, or it is not known any more.
     */
    public synchronized OptionalLong publishedAfter(Lsn lsn) {
        long millis = times.firstAfter(lsn);
        return millis == 0 ? OptionalLong.empty() : OptionalLong.of(millis);
    }
}
