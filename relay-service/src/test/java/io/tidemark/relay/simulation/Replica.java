package io.tidemark.relay.simulation;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.assemble.Assembled;
import io.tidemark.relay.assemble.ResumePoint;
import io.tidemark.relay.assemble.TransactionAssembler;
import io.tidemark.relay.capture.CapturedEvent;
import io.tidemark.relay.capture.Change;
import io.tidemark.relay.position.IndexEntry;
import io.tidemark.relay.position.IndexSteps;
import io.tidemark.relay.position.PublishedIndex;
import io.tidemark.relay.position.SourcePosition;
import io.tidemark.relay.position.StartDecision;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.TimelineHistory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * One replica of the relay, a step at a time: the real filter, position, start decision and index, and the order of
 * {@code ActiveRun} and {@code RelayRun} between them. Every step may be its last.
 */
final class Replica {

    private static final SourceIdentity IDENTITY = new SourceIdentity("7f3a9c21", "1", "shop", 1);
    private static final int BATCH_EVENTS = 10;
    /** A transaction with more events is split. */
    private static final int PART_EVENTS = 6;

    private enum Phase {
        STANDBY,
        LOCKED,
        FENCED_OTHERS,
        DECIDED,
        STREAMING,
        SENDING,
        COMMITTED
    }

    private record Send(int event, Lsn commitLsn, int ordinal) {}

    /** One Kafka transaction to make. */
    private record Work(List<Send> sends, ResumePoint reached) {}

    private final World world;
    private final Bug bug;
    private PublishedIndex index = new PublishedIndex();
    private Phase phase = Phase.STANDBY;
    private String transactionalId = "";
    private int epoch;
    private int stream;
    private int cursor;
    private Optional<String> stored = Optional.empty();
    private StartDecision.@Nullable Start start;
    private @Nullable TransactionAssembler assembler;
    private Lsn published = Lsn.ZERO;
    private final List<Assembled> batch = new ArrayList<>();
    private final Deque<Work> works = new ArrayDeque<>();
    private final List<Send> unsent = new ArrayList<>();
    private boolean positionSent;
    private final Map<TopicPartition, IndexEntry.Addition> ends = new HashMap<>();

    Replica(World world, Bug bug) {
        this.world = world;
        this.bug = bug;
    }

    void step() {
        if (phase != Phase.STANDBY && world.lockHolder != this && world.random.nextInt(12) == 0) {
            endRun(); // the session check
            return;
        }
        switch (phase) {
            case STANDBY -> takeLock();
            case LOCKED -> fenceOthers();
            case FENCED_OTHERS -> decide();
            case DECIDED -> openStream();
            case STREAMING -> streamOrFlush();
            case SENDING -> sendOrCommit();
            case COMMITTED -> afterCommit();
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
        Map<TopicPartition, Long> recordEnds = new HashMap<>();
        for (int partition = 0; partition < Wal.PARTITIONS; partition++) {
            long logEnd = world.broker.log(partition).size();
            recordEnds.put(
                    Group.partition(partition),
                    bug == Bug.LOG_END_AS_WATERMARK ? logEnd : world.broker.recordEnd(partition));
        }
        IndexSteps.rebase(index, recordEnds, decided.resumePoint().complete());
        phase = Phase.DECIDED;
    }

    private void openStream() {
        StartDecision.Start decided = Objects.requireNonNull(start);
        stream = world.wal.openStream();
        if (!world.wal.slot().confirmed().equals(decided.slotConfirmed())) {
            endRun(); // a confirmation of the last stream came late; the engine finds out, too
            return;
        }
        cursor = world.wal.firstFrom(decided.slotConfirmed());
        ResumePoint resumePoint =
                bug == Bug.NO_FILTER ? ResumePoint.after(decided.slotConfirmed()) : decided.resumePoint();
        assembler = new TransactionAssembler(decided.slotConfirmed(), resumePoint, Long.MAX_VALUE, Path.of("unused"));
        published = decided.resumePoint().complete();
        phase = Phase.STREAMING;
    }

    private void streamOrFlush() {
        boolean more = world.wal.isOpen(stream) && cursor < world.wal.entries().size();
        if (more && world.random.nextInt(3) > 0) {
            receive(world.wal.entries().get(cursor++));
        } else if (!batch.isEmpty()) {
            flush();
        } else if (!world.wal.isOpen(stream)) {
            endRun();
        }
    }

    private void receive(Wal.Entry entry) {
        TransactionAssembler assembling = Objects.requireNonNull(assembler);
        for (int event : entry.events()) {
            assembling.accept(new CapturedEvent(
                    Integer.toString(event), "order", "a", "t", new byte[0], null, null, null, null, 0));
        }
        Lsn commitLsn = bug == Bug.ROW_LSN_FOR_COMMIT_LSN ? entry.firstRowLsn() : entry.end();
        assembling
                .accept(entry.events().isEmpty() ? new Change.Barrier(entry.end()) : new Change.Commit(commitLsn, 0))
                .ifPresent(batch::add);
    }

    /** What is waiting becomes Kafka transactions: small ones together, large ones in parts. */
    private void flush() {
        List<Send> together = new ArrayList<>();
        Lsn complete = published;
        for (Assembled assembled : batch) {
            if (assembled instanceof Assembled.Transaction transaction) {
                List<Send> sends = sendsOf(transaction);
                if (transaction.events().count() > PART_EVENTS) {
                    finish(together, complete);
                    split(transaction, sends, complete);
                } else {
                    together.addAll(sends);
                }
            }
            complete = assembled.lsn();
            if (together.size() >= BATCH_EVENTS) {
                finish(together, complete);
            }
        }
        if (works.isEmpty()
                || !Objects.requireNonNull(works.peekLast()).reached().lsn().equals(complete)) {
            together.add(new Send(-1, complete, 0)); // progress only
            finish(together, complete);
        }
        batch.clear();
        if (bug == Bug.SLOT_CONFIRMED_BEFORE_COMMIT) {
            world.wal.confirm(stream, complete);
        }
        beginNextWork();
    }

    private void finish(List<Send> together, Lsn complete) {
        if (!together.isEmpty()) {
            works.add(new Work(List.copyOf(together), ResumePoint.after(complete)));
            together.clear();
        }
    }

    private static List<Send> sendsOf(Assembled.Transaction transaction) {
        List<Send> sends = new ArrayList<>();
        Iterator<CapturedEvent> events = transaction.events().iterator();
        for (int ordinal = 0; events.hasNext(); ordinal++) {
            int event = Integer.parseInt(events.next().id());
            if (ordinal >= transaction.firstOrdinal()) {
                sends.add(new Send(event, transaction.lsn(), ordinal));
            }
        }
        return sends;
    }

    private void split(Assembled.Transaction transaction, List<Send> sends, Lsn complete) {
        for (int from = 0; from < sends.size(); from += PART_EVENTS) {
            int to = Math.min(from + PART_EVENTS, sends.size());
            works.add(new Work(
                    List.copyOf(sends.subList(from, to)),
                    to == sends.size()
                            ? ResumePoint.after(transaction.lsn())
                            : ResumePoint.inside(
                                    transaction.lsn(), sends.get(to - 1).ordinal(), complete)));
        }
    }

    private void beginNextWork() {
        Work work = works.peekFirst();
        if (work == null) {
            phase = Phase.STREAMING;
            return;
        }
        unsent.addAll(work.sends());
        unsent.removeIf(send -> send.event() < 0);
        positionSent = false;
        ends.clear();
        phase = Phase.SENDING;
    }

    /** Records of different partitions reach their brokers in any order, those of one in theirs; the commit comes last. */
    private void sendOrCommit() {
        if (!unsent.isEmpty() || !positionSent) {
            sendOne();
        } else if (world.broker.commit(transactionalId, epoch)) {
            phase = Phase.COMMITTED;
        } else {
            endRun();
        }
    }

    private void sendOne() {
        Optional<Long> offset;
        if (!positionSent && (unsent.isEmpty() || world.random.nextInt(4) == 0)) {
            positionSent = true;
            offset = world.broker.append(transactionalId, epoch, Broker.POSITIONS, -1, 0, 0, position());
        } else {
            int partition = Wal.partitionOf(
                    unsent.get(world.random.nextInt(unsent.size())).event());
            Send send = unsent.stream()
                    .filter(one -> Wal.partitionOf(one.event()) == partition)
                    .findFirst()
                    .orElseThrow();
            unsent.remove(send);
            long lsn = send.commitLsn().value();
            offset = world.broker.append(transactionalId, epoch, partition, send.event(), lsn, send.ordinal(), null);
            offset.ifPresent(at -> ends.merge(
                    Group.partition(partition),
                    new IndexEntry.Addition(send.commitLsn(), at + 1),
                    (a, b) -> new IndexEntry.Addition(
                            a.firstLsn().isAfter(b.firstLsn()) ? b.firstLsn() : a.firstLsn(),
                            Math.max(a.endOffset(), b.endOffset()))));
        }
        if (offset.isEmpty()) {
            endRun(); // fenced
        }
    }

    private String position() {
        ResumePoint reached = Objects.requireNonNull(works.peekFirst()).reached();
        return new String(new SourcePosition(IDENTITY, reached, "sim", Instant.EPOCH).toJson(), StandardCharsets.UTF_8);
    }

    private void afterCommit() {
        published = works.removeFirst().reached().complete();
        IndexSteps.advance(index, ends, published);
        int number = stream;
        Lsn confirmed = published;
        if (world.random.nextBoolean()) {
            world.wal.confirm(number, confirmed);
        } else {
            world.late.add(() -> world.wal.confirm(number, confirmed));
        }
        beginNextWork();
    }

    /** The run ends, the process lives: its index stays, and so does what is on its way to the brokers. */
    void endRun() {
        leaveMessagesBehind();
        if (world.lockHolder == this) {
            world.lockHolder = null;
        }
        phase = Phase.STANDBY;
        batch.clear();
        works.clear();
        unsent.clear();
    }

    /** Like {@code kill -9}. */
    void crash() {
        endRun();
        index = new PublishedIndex();
    }

    /** A commit that was sent before the end may still arrive; a record too. */
    private void leaveMessagesBehind() {
        String id = transactionalId;
        int sentWith = epoch;
        if (phase == Phase.SENDING && unsent.isEmpty() && positionSent && world.random.nextBoolean()) {
            world.late.add(() -> world.broker.commit(id, sentWith));
        } else if (phase == Phase.SENDING && !unsent.isEmpty() && world.random.nextBoolean()) {
            Send send = unsent.get(0);
            int partition = Wal.partitionOf(send.event());
            long lsn = send.commitLsn().value();
            world.late.add(() -> world.broker.append(id, sentWith, partition, send.event(), lsn, send.ordinal(), null));
        }
    }

    boolean isServing() {
        return phase != Phase.STANDBY && phase != Phase.LOCKED && phase != Phase.FENCED_OTHERS;
    }

    Lsn published() {
        return index.published();
    }

    /** What this replica would say is the watermark of a group with these offsets. */
    Lsn watermark(Map<TopicPartition, Long> offsets) {
        Map<TopicPartition, Long> committed = new HashMap<>(offsets);
        if (bug == Bug.EMPTY_PARTITION_IGNORED) {
            for (int partition = 0; partition < Wal.PARTITIONS; partition++) {
                committed.putIfAbsent(Group.partition(partition), Long.MAX_VALUE);
            }
        }
        return index.watermark(World.TOPICS, committed);
    }
}
