// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.loop;

import io.dropwizard.util.DataSize;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.OwnTopics;
import io.tidemark.outbox.Position;
import io.tidemark.relay.account.AuditRecord;
import io.tidemark.relay.account.AuditTally;
import io.tidemark.relay.capture.CapturedEvent;
import io.tidemark.relay.capture.Change;
import io.tidemark.relay.capture.ChangeRing;
import io.tidemark.relay.config.HeaderStyle;
import io.tidemark.relay.config.LimitsConfig;
import io.tidemark.relay.config.RouteConfig;
import io.tidemark.relay.index.IndexEntry;
import io.tidemark.relay.position.Adoptions;
import io.tidemark.relay.position.ResumePoint;
import io.tidemark.relay.position.SourcePosition;
import io.tidemark.relay.position.StartDecision;
import io.tidemark.relay.position.TopicIds;
import io.tidemark.relay.publication.PublicationRecord;
import io.tidemark.relay.publish.AnyTopic;
import io.tidemark.relay.publish.KafkaTransaction;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.publish.PublishedTopics;
import io.tidemark.relay.publish.Refusal;
import io.tidemark.relay.route.OutgoingEvent;
import io.tidemark.relay.route.Router;
import io.tidemark.relay.source.SourceIdentity;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The outside of a run. Records every call in order, and fails where a test wants it to. An event is recorded by its
 * id, a position by its LSN and, within a split transaction, the ordinal.
 */
final class RecordedRun {

    static final Lsn START = Lsn.parse("0/100");
    private static final SourceIdentity IDENTITY = new SourceIdentity("7f3a9c21", "1", "shop", 1);

    /** Calls from the run, in order. */
    final List<String> calls = new ArrayList<>();

    /** The ids that Kafka refuses, as with a record that is too large: it fails the commit of the whole transaction. */
    final Set<String> refused = new HashSet<>();

    /** Starts without earlier counts in Kafka. */
    final AuditTally tally = AuditTally.from(AuditRecord.beginning(Instant.EPOCH));

    /** The audit record after the last committed Kafka transaction, as the next run reads it. */
    AuditRecord audit = AuditRecord.beginning(Instant.EPOCH);

    boolean commitFails;
    boolean indexFails;

    /** The failure of a look at the publication; null if nothing has changed. */
    @Nullable
    RuntimeException changed;

    /** Number of looks that are in doubt before one is not. */
    int looksInDoubt;

    /** Whether the run is asked to stop at its next turn, or at the first one with nothing left of the stream. */
    boolean stops;

    /** The changes that arrive in each turn. */
    final Deque<List<Change>> stream = new ArrayDeque<>();

    /** When each Kafka transaction began and was committed, by {@link System#nanoTime}. */
    final List<Long> beganNanos = new ArrayList<>();

    final List<Long> committedNanos = new ArrayList<>();

    /** Maximum number of events that Kafka accepts in time; above it, the commit fails with a timeout. */
    int mostInTime = Integer.MAX_VALUE;

    /** Number of turns reported to the listener. */
    int turns;

    /** The calls of Kafka before the listener was told that the stream goes on at the right place; null until then. */
    @Nullable
    List<String> kafkaWhenAnchored;

    /** The recorded position of each Kafka transaction. */
    final List<SourcePosition> positions = new ArrayList<>();

    /** The topics that the committed Kafka transactions have recorded. */
    final Set<String> recordedTopics = new HashSet<>();

    /** For each Kafka transaction: whether it recorded the publication. */
    final List<Boolean> publicationRecords = new ArrayList<>();

    private final ChangeRing ring = new ChangeRing(16, 1 << 16);
    private ResumePoint reached = ResumePoint.after(START);
    private final RouteConfig.OnPoison onPoison;
    private final LimitsConfig limits;
    private final BatchSize batchSize;

    RecordedRun(RouteConfig.OnPoison onPoison, long transactionBytes, Path spillDirectory) {
        this(onPoison, transactionBytes, spillDirectory, 100);
    }

    RecordedRun(RouteConfig.OnPoison onPoison, long transactionBytes, Path spillDirectory, int batchEvents) {
        this.onPoison = onPoison;
        this.limits = new LimitsConfig(DataSize.bytes(transactionBytes), batchEvents, spillDirectory.toString());
        this.batchSize = new BatchSize(limits);
    }

    /** A run that begins at the start of an untouched slot. */
    PublishLoop loop() {
        return loop(new StartDecision.Start(START, ResumePoint.after(START)));
    }

    PublishLoop loop(StartDecision.Start start) {
        return new PublishLoop(scope(), start, new Quiet());
    }

    CommitOrder commits(EventSender sender, ResumePoint from) {
        return new CommitOrder(scope(), sender, new StartDecision.Start(START, from), new Quiet());
    }

    RunScope scope() {
        return new RunScope(
                IDENTITY,
                "test",
                "relay/session",
                Adoptions.NONE,
                ring,
                router(),
                topics(),
                new Transaction(),
                new Publication(),
                new Index(),
                lsn -> calls.add("confirm " + lsn),
                tally,
                limits,
                batchSize);
    }

    Router router() {
        return new Router(
                List.of(new RouteConfig("*", "outbox.{aggregateType}", null, onPoison)),
                HeaderStyle.TIDEMARK,
                IDENTITY.sourceId());
    }

    PublishedTopics topics() {
        return new PublishedTopics(new AnyTopic(), new TopicIds(Map.of()));
    }

    static CapturedEvent event(String id) {
        return new CapturedEvent(id, "order", "order-1", "OrderPlaced", new byte[10], null, null, null, null, 0);
    }

    static Change commit(String lsn) {
        return new Change.Commit(Lsn.parse(lsn), 0);
    }

    /** The resume point that Kafka has. */
    ResumePoint committed() {
        return reached;
    }

    /** The calls to Kafka, without those for the index, the slot and looks. */
    List<String> kafka() {
        return calls.stream()
                .filter(call -> !call.startsWith("index")
                        && !call.startsWith("confirm")
                        && !call.startsWith("look")
                        && !call.equals("seen"))
                .toList();
    }

    final class Transaction implements KafkaTransaction {

        private final List<Position> open = new ArrayList<>();
        private final List<String> openIds = new ArrayList<>();

        @Override
        public void begin() {
            open.clear();
            openIds.clear();
            beganNanos.add(System.nanoTime());
            calls.add("begin");
        }

        @Override
        public @Nullable String tooLarge(OutgoingEvent event) {
            return null;
        }

        @Override
        public void send(OutgoingEvent event, @Nullable Position position) {
            String id = header(event, "id").orElseThrow();
            boolean isDeadLetter = event.topic().equals(OwnTopics.DEAD_LETTERS);
            String split =
                    header(event, "tidemark-split").map(part -> " " + part).orElse("");
            calls.add((isDeadLetter ? "bury " : "send ") + id + split);
            if (position != null && !isDeadLetter) {
                open.add(position);
                openIds.add(id);
            }
        }

        private static Optional<String> header(OutgoingEvent event, String name) {
            return event.headers().stream()
                    .filter(header -> header.name().equals(name))
                    .map(header -> new String(header.value(), StandardCharsets.UTF_8))
                    .findFirst();
        }

        @Override
        public Map<TopicPartition, List<End>> commit(String topic, Map<String, byte @Nullable []> records)
                throws PublishFailure {
            committedNanos.add(System.nanoTime());
            SourcePosition position = SourcePosition.fromJson(Objects.requireNonNull(records.get(IDENTITY.sourceId())));
            positions.add(position);
            ResumePoint reached = position.resumePoint();
            String ordinal = reached.isPartial() ? "/" + reached.partialOrdinal() : "";
            calls.add("commit " + reached.lsn() + ordinal);
            publicationRecords.add(records.containsKey(PublicationRecord.key(IDENTITY.sourceId())));
            if (commitFails || openIds.stream().anyMatch(refused::contains)) {
                throw PublishFailure.of(new KafkaException("not committed"));
            }
            if (openIds.size() > mostInTime) {
                throw PublishFailure.of(new TimeoutException("Expiring record(s)"));
            }
            byte[] topics = records.get(TopicIds.key(IDENTITY.sourceId()));
            if (topics != null) {
                recordedTopics.addAll(TopicIds.fromJson(topics).ids().keySet());
            }
            byte[] record = records.get(AuditRecord.key(IDENTITY.sourceId()));
            RecordedRun.this.reached = reached;
            audit = (record == null ? audit : AuditRecord.fromJson(record)).with(position.carried());
            return Map.of();
        }

        @Override
        public long firstAcknowledgedAt() {
            return System.nanoTime();
        }

        @Override
        public Optional<Refusal> takeBackIfRefused() {
            for (int i = 0; i < open.size(); i++) {
                if (refused.contains(openIds.get(i))) {
                    calls.add("take back");
                    return Optional.of(new Refusal(open.get(i), "is too large"));
                }
            }
            return Optional.empty();
        }

        @Override
        public void abort() {
            calls.add("abort");
        }
    }

    private final class Publication implements RunPublication {

        private boolean isRecorded;

        @Override
        public Optional<byte[]> toRecord(Lsn confirmed) {
            return isRecorded ? Optional.empty() : Optional.of(new byte[0]);
        }

        @Override
        public void committed() {
            isRecorded = true;
        }

        @Override
        public void beginLook() {
            calls.add("look");
        }

        @Override
        public boolean isConfirmedWithin(long millis) {
            if (changed != null) {
                throw changed;
            }
            if (looksInDoubt > 0) {
                looksInDoubt--;
                calls.add("look in doubt");
                return false;
            }
            calls.add("seen");
            return true;
        }
    }

    private final class Index implements RunIndex {

        @Override
        public void apply(IndexEntry entry) {
            if (indexFails) {
                throw new IllegalStateException("the index fails");
            }
            calls.add("index " + entry.to().lsn() + (entry.isOpening() ? " opening" : ""));
        }

        @Override
        public void anchoredBy(String session) {}
    }

    private final class Quiet implements LoopListener {

        @Override
        public void anchored() {
            kafkaWhenAnchored = kafka();
        }

        @Override
        public void published(int events, int deadLetters, long oldestCommitMillis) {}

        @Override
        public boolean turned() throws InterruptedException {
            turns++;
            if (stream.isEmpty()) {
                return !stops;
            }
            for (Change change : stream.remove()) {
                if (!ring.offer(change, 0)) {
                    throw new IllegalStateException("more changes in one turn than the ring holds");
                }
            }
            return true;
        }
    }
}
