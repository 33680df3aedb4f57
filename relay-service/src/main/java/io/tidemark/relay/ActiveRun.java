package io.tidemark.relay;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.capture.CaptureEngine;
import io.tidemark.relay.capture.CaptureFailed;
import io.tidemark.relay.capture.ChangeRing;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.health.RelayState;
import io.tidemark.relay.position.KafkaTail;
import io.tidemark.relay.position.PublishedIndex;
import io.tidemark.relay.position.SourcePosition;
import io.tidemark.relay.position.StartDecision;
import io.tidemark.relay.publish.IndexWriter;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.publish.Topics;
import io.tidemark.relay.publish.TransactionalPublisher;
import io.tidemark.relay.route.Router;
import io.tidemark.relay.source.SlotState;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.SourceNotReady;
import io.tidemark.relay.watermark.Watermarks;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One turn as the active replica, from holding the lock to losing it or failing. Opens everything in the one order that
 * is safe: fence earlier producers, end the slot's last walsender, read the position, decide, stream. On the
 * supervisor's thread.
 */
final class ActiveRun {

    private static final Logger LOG = LoggerFactory.getLogger(ActiveRun.class);

    private static final long SESSION_CHECK_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final int SESSION_CHECK_SECONDS = 10;
    /** A quiet source is nudged when its WAL has moved so far past what is published, so that the slot moves too. */
    private static final long NUDGE_AFTER_BYTES = 16 * 1024 * 1024;

    private static final long NUDGE_CHECK_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final int RING_CHANGES = 16_384;
    private static final long RING_BYTES = 16 * 1024 * 1024;

    private final RelayConfiguration config;
    private final SourceDatabase database;
    private final PublishedIndex index;
    private final RelayState state;
    private final Watermarks watermarks;
    private final String owner;
    private final BooleanSupplier isStopping;

    ActiveRun(
            RelayConfiguration config,
            SourceDatabase database,
            PublishedIndex index,
            RelayState state,
            Watermarks watermarks,
            String owner,
            BooleanSupplier isStopping) {
        this.config = config;
        this.database = database;
        this.index = index;
        this.state = state;
        this.watermarks = watermarks;
        this.owner = owner;
        this.isStopping = isStopping;
    }

    /** @param control the session that holds the lock */
    void run(Connection control, SourceIdentity identity)
            throws HaltException, SourceNotReady, CaptureFailed, SQLException, PublishFailure, InterruptedException {
        state.enter(RelayState.Phase.STARTING, null);
        try (Topics topics = new Topics(config.kafka());
                TransactionalPublisher publisher =
                        new TransactionalPublisher(config.kafka(), "tidemark-" + identity.sourceId());
                IndexWriter indexWriter = new IndexWriter(config.kafka(), identity.sourceId(), identity.timeline())) {
            if (!topics.hasDefendedTransactions()) {
                LOG.warn("event=weak-transactions transaction.version=below-2 fix=\"kafka-features.sh upgrade --feature"
                        + " transaction.version=2\" why=KIP-890");
            }
            Set<String> declared = ensureTopics(topics);
            publisher.initialize();
            freeSlot(control);
            StartDecision.Start start = decideStart(control, identity, topics.partitionsOf(declared));
            watermarks.serve(identity);

            ChangeRing ring = new ChangeRing(RING_CHANGES, RING_BYTES);
            try (CaptureEngine engine = CaptureEngine.start(config.postgres(), start.slotConfirmed(), ring)) {
                Router router = new Router(config.routes(), config.headers(), identity.sourceId());
                RelayRun.Parts parts = new RelayRun.Parts(
                        identity, owner, engine, ring, router, topics, publisher, indexWriter, index, config.limits());
                new RelayRun(parts, start.resumePoint(), new Watch(control, engine)).publishUntilStopped();
            }
        }
    }

    /** Returns the topics that projections read. */
    private Set<String> ensureTopics(Topics topics) throws PublishFailure, InterruptedException {
        topics.ensureOwn(SourcePosition.TOPIC);
        Set<String> declared = config.projections().stream()
                .flatMap(projection -> projection.topics().stream())
                .collect(Collectors.toSet());
        for (String topic : declared) {
            topics.ensureEvents(topic);
        }
        return declared;
    }

    /** Whoever still streams from our slot has lost the lock, and its producer is fenced. */
    private void freeSlot(Connection control) throws SQLException {
        Optional<SlotState> slot = database.slot(control);
        if (slot.isPresent() && slot.get().activePid().isPresent()) {
            database.endWalsender(control, slot.get().activePid().getAsInt());
        }
    }

    private StartDecision.Start decideStart(
            Connection control, SourceIdentity identity, Set<TopicPartition> declaredPartitions)
            throws HaltException, SourceNotReady, SQLException {
        try (KafkaTail tail = new KafkaTail(config.kafka())) {
            StartDecision decision = StartDecision.decide(
                    lastPosition(tail, identity),
                    database.slot(control),
                    config.postgres().slot(),
                    identity,
                    database.walHead(control));
            if (decision instanceof StartDecision.Halt halt) {
                throw new HaltException(halt.reason());
            }
            if (decision instanceof StartDecision.NotReady notReady) {
                throw new SourceNotReady(notReady.reason());
            }
            StartDecision.Start start = (StartDecision.Start) decision;
            index.rebase(
                    tail.recordEnds(declaredPartitions), start.resumePoint().complete());
            return start;
        }
    }

    private static Optional<SourcePosition> lastPosition(KafkaTail tail, SourceIdentity identity) throws HaltException {
        try {
            return tail.lastPosition(identity.sourceId());
        } catch (IllegalArgumentException e) { // written by something else, or damaged: where to resume is not known
            throw new HaltException(String.valueOf(e.getMessage()), e);
        }
    }

    /** Looks after the session and a quiet slot, and keeps the state up to date. */
    private final class Watch implements RelayRun.Listener {

        private final Connection control;
        private final CaptureEngine engine;
        private long lastSessionCheck = System.nanoTime();
        private long lastNudgeCheck = System.nanoTime();
        private Lsn publishedAtLastCheck = Lsn.ZERO;

        Watch(Connection control, CaptureEngine engine) {
            this.control = control;
            this.engine = engine;
        }

        @Override
        public boolean turned() throws CaptureFailed, SQLException {
            if (isStopping.getAsBoolean()) {
                return false;
            }
            if (engine.isStarted()) {
                state.enter(RelayState.Phase.RUNNING, null);
            }
            state.progressed(engine.captured(), index.published(), engine.confirmed());
            long now = System.nanoTime();
            if (now - lastSessionCheck > SESSION_CHECK_NANOS) {
                lastSessionCheck = now;
                if (!control.isValid(SESSION_CHECK_SECONDS)) {
                    throw new CaptureFailed("the database session that holds the lock has ended");
                }
            }
            if (now - lastNudgeCheck > NUDGE_CHECK_NANOS) {
                lastNudgeCheck = now;
                nudgeWhenQuiet();
            }
            return true;
        }

        private void nudgeWhenQuiet() throws SQLException {
            Lsn published = index.published();
            boolean quiet = published.equals(publishedAtLastCheck);
            publishedAtLastCheck = published;
            if (quiet && database.walHead(control).value() - published.value() > NUDGE_AFTER_BYTES) {
                database.nudge(control);
            }
        }

        @Override
        public void published() {
            state.progressed(engine.captured(), index.published(), engine.confirmed());
            watermarks.published();
        }
    }
}
