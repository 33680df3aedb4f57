package io.tidemark.relay;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.capture.CaptureEngine;
import io.tidemark.relay.capture.CaptureFailed;
import io.tidemark.relay.capture.ChangeRing;
import io.tidemark.relay.capture.OutboxShape;
import io.tidemark.relay.cleanup.Cleanup;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.config.RouteConfig;
import io.tidemark.relay.election.AdvisoryLock;
import io.tidemark.relay.failpoint.Failpoint;
import io.tidemark.relay.health.RelayState;
import io.tidemark.relay.position.Adoptions;
import io.tidemark.relay.position.KafkaTail;
import io.tidemark.relay.position.SourcePosition;
import io.tidemark.relay.position.StartDecision;
import io.tidemark.relay.publish.IndexWriter;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.publish.Topics;
import io.tidemark.relay.publish.TransactionalPublisher;
import io.tidemark.relay.route.Router;
import io.tidemark.relay.source.SlotState;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.SourceNotReady;
import io.tidemark.relay.source.TimelineHistory;
import io.tidemark.relay.source.TimelineReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One turn as the active replica, from holding the lock to losing it or failing. Opens everything in the one order that
 * is safe: fence earlier producers, end the slot's last walsender, read the position, decide, stream. On the
 * supervisor's thread.
 */
final class ActiveRun {

    private static final Logger LOG = LoggerFactory.getLogger(ActiveRun.class);

    /** Without what earlier runs have left, old tokens ask for more than they need; no reason to wait for long. */
    private static final Duration REBUILD_TIMEOUT = Duration.ofSeconds(5);

    private static final long STREAM_CHECK_MILLIS = 5;
    private static final int RING_CHANGES = 16_384;
    private static final long RING_BYTES = 16 * 1024 * 1024;

    private final Resident relay;
    private final BooleanSupplier isStopping;

    ActiveRun(Resident relay, BooleanSupplier isStopping) {
        this.relay = relay;
        this.isStopping = isStopping;
    }

    /** One a source: whoever initialises it fences all others (KIP-98). */
    static String transactionalId(SourceIdentity identity) {
        return "tidemark-" + identity.sourceId();
    }

    /** @param control the session that holds the lock */
    void run(Connection control, SourceIdentity identity)
            throws HaltException, SourceNotReady, CaptureFailed, SQLException, PublishFailure, InterruptedException {
        relay.state().enter(RelayState.Phase.STARTING, null);
        try (Topics topics = new Topics(relay.config().kafka());
                TransactionalPublisher publisher = new TransactionalPublisher(
                        relay.config().kafka(), transactionalId(identity), hasDeadLetters());
                IndexWriter indexWriter = new IndexWriter(relay.config().kafka(), identity.sourceId())) {
            if (!topics.hasDefendedTransactions()) {
                LOG.warn("event=weak-transactions transaction.version=below-2 fix=\"kafka-features.sh upgrade --feature"
                        + " transaction.version=2\" why=KIP-890");
            }
            Set<String> declared = ensureTopics(topics);
            publisher.initialize();
            Failpoint.AFTER_INIT.reach();
            freeSlot(control);
            StartDecision.Start start;
            Adoptions adoptions;
            boolean takesOver;
            PublishedTopics publishedTopics;
            PostgresConfig server = relay.database().serverOf(control);
            TimelineHistory history = new TimelineReader(server).read(identity);
            try (KafkaTail tail = new KafkaTail(relay.config().kafka())) {
                publishedTopics = new PublishedTopics(topics, readable(() -> tail.lastTopicIds(identity.sourceId())));
                publishedTopics.check();
                Optional<SourcePosition> stored = readable(() -> tail.lastPosition(identity.sourceId()));
                adoptions = stored.map(SourcePosition::adoptions).orElse(Adoptions.NONE);
                takesOver = stored.map(position -> !position.owner().equals(relay.owner()))
                        .orElse(false);
                start = decideStart(stored, control, identity, history);
                startIndex(tail, start, adoptions, topics.partitionsOf(declared));
            }
            Failpoint.AFTER_POSITION_READ.reach();

            ChangeRing ring = new ChangeRing(RING_CHANGES, RING_BYTES);
            try (CaptureEngine engine = CaptureEngine.start(
                            server,
                            relay.config().outbox(),
                            start.slotConfirmed(),
                            OutboxShape.completeAt(control, relay.config().outbox()),
                            ring);
                    @Nullable Cleanup cleanup = startCleanup(identity)) {
                engine.expectAnswersWithin(relay.database().walSenderTimeout(control));
                Failpoint.AFTER_ENGINE_START.reach();
                if (!awaitStream(control, engine)) {
                    return;
                }
                if (takesOver) {
                    relay.counters().tookOver();
                }
                relay.state().captures(new ShownCapture(engine));
                Router router =
                        new Router(relay.config().routes(), relay.config().headers(), identity.sourceId());
                RelayRun.Parts parts = new RelayRun.Parts(
                        identity,
                        relay.owner(),
                        relay.id() + "/" + AdvisoryLock.sessionId(control),
                        adoptions,
                        engine,
                        ring,
                        router,
                        publishedTopics,
                        publisher,
                        indexWriter,
                        relay.index(),
                        relay.config().limits());
                LOG.info(
                        "event=streaming timeline={} from={} resumePoint={}",
                        identity.timeline(),
                        start.slotConfirmed(),
                        start.resumePoint().lsn());
                RunWatch watch = new RunWatch(relay, control, engine, publishedTopics, isStopping);
                try {
                    new RelayRun(parts, start, watch).publishUntilStopped();
                } finally {
                    relay.state().capturesNoMore();
                }
                Failpoint.BEFORE_RELEASE.reach();
            }
        }
    }

    private boolean hasDeadLetters() {
        return relay.config().routes().stream().anyMatch(RouteConfig::hasDeadLetters);
    }

    /**
     * Returns once the stream is open, and on the server that was asked everything else: behind one name there may be
     * two while Postgres fails over, and the other's events are not of this timeline.
     *
     * @return false when the relay is stopping
     */
    private boolean awaitStream(Connection control, CaptureEngine engine)
            throws CaptureFailed, SQLException, InterruptedException {
        while (!engine.isStarted()) {
            if (isStopping.getAsBoolean()) {
                return false;
            }
            engine.checkAlive();
            TimeUnit.MILLISECONDS.sleep(STREAM_CHECK_MILLIS);
        }
        if (!relay.database()
                .slot(control)
                .map(slot -> slot.activePid().isPresent())
                .orElse(false)) {
            throw new CaptureFailed("the replication stream is not on the server that holds the lock; postgres.url must"
                    + " lead to the primary only");
        }
        return true;
    }

    /** Returns the topics that projections read. */
    private Set<String> ensureTopics(Topics topics) throws PublishFailure, InterruptedException {
        topics.ensureOwn(SourcePosition.TOPIC);
        if (hasDeadLetters()) {
            topics.ensureDeadLetters();
        }
        Set<String> declared = relay.config().projections().stream()
                .flatMap(projection -> projection.topics().stream())
                .collect(Collectors.toSet());
        for (String topic : declared) {
            topics.ensureEvents(topic);
        }
        return declared;
    }

    /** Whoever still streams from our slot has lost the lock, and its producer is fenced. */
    private void freeSlot(Connection control) throws SQLException {
        Optional<SlotState> slot = relay.database().slot(control);
        if (slot.isPresent() && slot.get().activePid().isPresent()) {
            relay.database().endWalsender(control, slot.get().activePid().getAsInt());
        }
    }

    private StartDecision.Start decideStart(
            Optional<SourcePosition> stored, Connection control, SourceIdentity identity, TimelineHistory history)
            throws HaltException, SourceNotReady, SQLException {
        StartDecision decision = StartDecision.decide(
                stored,
                relay.database().slot(control),
                relay.config().postgres().slot(),
                identity,
                history,
                relay.database().walHead(control));
        if (decision instanceof StartDecision.Halt halt) {
            throw new HaltException(halt.reason());
        }
        if (decision instanceof StartDecision.NotReady notReady) {
            throw new SourceNotReady(notReady.reason());
        }
        return (StartDecision.Start) decision;
    }

    /** What this replica has followed up to the resume point is as good as if it had published it itself. */
    private void startIndex(
            KafkaTail tail, StartDecision.Start start, Adoptions adoptions, Set<TopicPartition> declaredPartitions)
            throws InterruptedException {
        relay.follower().awaitRebuilt(REBUILD_TIMEOUT);
        if (!relay.index().isCompleteAt(start.resumePoint(), adoptions.count())) {
            relay.index().startAt(start.resumePoint(), adoptions, tail.recordEnds(declaredPartitions));
        }
    }

    /** @return null where the table is not ours: its rows are not ours to delete */
    private @Nullable Cleanup startCleanup(SourceIdentity identity) {
        if (!relay.config().outbox().isOwn()) {
            return null;
        }
        return Cleanup.start(
                relay.database(),
                identity,
                relay.config().outbox().retention().toJavaDuration(),
                relay.index()::published,
                () -> relay.state().snapshot().phase() == RelayState.Phase.RUNNING);
    }

    /** A record that was written by something else, or is damaged: where to resume is not known. */
    private static <T> T readable(Supplier<T> record) throws HaltException {
        try {
            return record.get();
        } catch (IllegalArgumentException e) {
            throw new HaltException(String.valueOf(e.getMessage()), e);
        }
    }

    private record ShownCapture(CaptureEngine engine) implements RelayState.Capture {

        @Override
        public Lsn received() {
            return engine.received();
        }

        @Override
        public Lsn captured() {
            return engine.captured();
        }
    }
}
