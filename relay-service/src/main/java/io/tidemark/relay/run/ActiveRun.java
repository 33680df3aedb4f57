// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.run;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.account.AuditTally;
import io.tidemark.relay.capture.CaptureFailed;
import io.tidemark.relay.capture.ChangeRing;
import io.tidemark.relay.capture.OutboxShape;
import io.tidemark.relay.capture.engine.CaptureEngine;
import io.tidemark.relay.cleanup.Cleanup;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.config.RouteConfig;
import io.tidemark.relay.failpoint.Failpoint;
import io.tidemark.relay.health.RelayState;
import io.tidemark.relay.index.IndexWriter;
import io.tidemark.relay.loop.BatchSize;
import io.tidemark.relay.loop.PublishLoop;
import io.tidemark.relay.loop.RunScope;
import io.tidemark.relay.publication.PublicationLook;
import io.tidemark.relay.publication.PublicationReader;
import io.tidemark.relay.publication.PublicationWatch;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.publish.Topics;
import io.tidemark.relay.publish.TransactionalPublisher;
import io.tidemark.relay.route.Router;
import io.tidemark.relay.source.AdvisoryLock;
import io.tidemark.relay.source.SlotState;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.SourceNotReady;
import io.tidemark.relay.source.slot.ExistingRows;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One period as the active replica, from holding the lock to losing it or failing. Opens everything in the only safe
 * order: fence earlier producers, end the slot's last walsender, read the position, decide, stream. On the supervisor's
 * thread.
 */
public final class ActiveRun {

    private static final Logger LOG = LoggerFactory.getLogger(ActiveRun.class);

    private static final long STREAM_CHECK_MILLIS = 5;
    /** Timeout for the stream to appear. An engine reports a dead stream only after it has closed everything. */
    private static final int STREAM_SEEN_SECONDS = 10;

    /** The SQL state with which a walsender ends at a publication that it does not find. */
    private static final String UNDEFINED_OBJECT = "42704";

    private static final int RING_CHANGES = 16_384;
    private static final long RING_BYTES = 16 * 1024 * 1024;

    private final ProcessScope relay;
    private final BatchSize batchSize;
    private final BooleanSupplier isStopping;
    private final StartStages stages = new StartStages(System::nanoTime, "topics");

    ActiveRun(ProcessScope relay, BatchSize batchSize, BooleanSupplier isStopping) {
        this.relay = relay;
        this.batchSize = batchSize;
        this.isStopping = isStopping;
    }

    /** @param control the session that holds the lock */
    void run(Connection control, SourceIdentity identity)
            throws HaltException, SourceNotReady, CaptureFailed, SQLException, PublishFailure, InterruptedException {
        starting("looking at the database and at Kafka's topics");
        haltAtExistingRows(control); // before the fencing: nothing of this source may run yet
        try (Topics topics = new Topics(relay.config().kafka());
                TransactionalPublisher publisher = new TransactionalPublisher(
                        relay.config().kafka(),
                        TransactionalPublisher.transactionalId(identity.sourceId()),
                        hasDeadLetters());
                IndexWriter indexWriter = new IndexWriter(relay.config().kafka(), identity.sourceId())) {
            warnOfWeakTransactions(topics);
            ensureTopics(topics);
            indexWriter.prepare();
            stages.next("source");
            RunStart.refuseBeforeFencing(relay, control, identity);
            stages.next("fence");
            starting("waiting until Kafka has ended the last transaction of this source");
            publisher.initialize();
            Failpoint.AFTER_INIT.reach();
            freeSlot(control);
            stages.next("position");
            starting("reading the position in Kafka; if it stands behind another source's open transaction, this takes"
                    + " until that ends");
            RunStart start = RunStart.read(relay, control, identity, topics);
            Failpoint.AFTER_POSITION_READ.reach();
            stages.next("stream");
            starting("opening the replication stream");
            stream(control, identity, start, publisher, indexWriter);
        } catch (CaptureFailed e) {
            haltIfThePublicationWasAway(control, e);
            throw e;
        }
    }

    /**
     * Before Postgres 18, decoding ends at every change that was written while the publication did not exist, also once it
     * exists again. So no stream of this slot passes that point of the WAL.
     */
    private void haltIfThePublicationWasAway(Connection control, CaptureFailed failure)
            throws HaltException, SQLException {
        PostgresConfig postgres = relay.config().postgres();
        Optional<SlotState> slot = relay.database().slot(control);
        if (slot.isEmpty() // a missing slot has the same SQL state, and often the same name
                || !failure.isAbout(UNDEFINED_OBJECT, postgres.publication())
                || !(new PublicationReader(postgres, relay.config().outbox()).look(control)
                        instanceof PublicationLook.Seen)) {
            return;
        }
        Lsn confirmed = slot.get().confirmed();
        throw new HaltException(
                "publication " + postgres.publication() + " did not exist when a part of the WAL was written, and"
                        + " Postgres before 18 cannot decode that part, so slot " + postgres.slot()
                        + " can never pass it: events committed in (" + confirmed + ", "
                        + relay.database().walHead(control)
                        + "] come through no stream; those with a row are still in the outbox table, those of"
                        + " outbox.emit() nowhere else. Drop the slot (select pg_drop_replication_slot('"
                        + postgres.slot()
                        + "')) and run: tidemark adopt CONFIG; once the relay runs, publish the rows with: tidemark replay"
                        + " CONFIG --unaccounted --yes",
                failure);
    }

    /** Shows the current step, so that a waiting relay names what it waits for. */
    private void starting(String step) {
        relay.state().enter(RelayState.Phase.STARTING, step);
    }

    /** Rows that are older than the slot do not come through it. A person decides what happens to them. */
    private void haltAtExistingRows(Connection control) throws HaltException, SQLException {
        Optional<String> problem = ExistingRows.read(
                        control, relay.config().postgres().slot())
                .flatMap(rows -> rows.problem(relay.config().outbox()));
        if (problem.isPresent()) {
            throw new HaltException(problem.get());
        }
    }

    /** Any process that still streams from our slot has lost the lock, and its producer is fenced. */
    private void freeSlot(Connection control) throws SQLException {
        Optional<SlotState> slot = relay.database().slot(control);
        if (slot.isPresent() && slot.get().activePid().isPresent()) {
            relay.database().endWalsender(control, slot.get().activePid().getAsInt());
        }
    }

    private void stream(
            Connection control,
            SourceIdentity identity,
            RunStart start,
            TransactionalPublisher publisher,
            IndexWriter indexWriter)
            throws SourceNotReady, CaptureFailed, SQLException, PublishFailure, InterruptedException {
        ChangeRing ring = new ChangeRing(RING_CHANGES, RING_BYTES);
        try (CaptureEngine engine = CaptureEngine.start(
                        start.server(),
                        relay.config().outbox(),
                        start.decision().slotConfirmed(),
                        OutboxShape.completeAt(control, relay.config().outbox()),
                        ring);
                PublicationWatch publication = PublicationWatch.start(
                        new SourceDatabase(start.server()), relay.config().outbox(), start.publication());
                @Nullable Cleanup cleanup = startCleanup(identity, start.tally())) {
            engine.expectAnswersWithin(relay.database().walSenderTimeout(control));
            Failpoint.AFTER_ENGINE_START.reach();
            if (!awaitStream(control, engine)) {
                return;
            }
            if (start.takesOver()) {
                relay.counters().tookOver();
            }
            relay.state().captures(new ShownCapture(engine));
            LOG.info(
                    "event=streaming timeline={} from={} resumePoint={} {}",
                    identity.timeline(),
                    start.decision().slotConfirmed(),
                    start.decision().resumePoint().lsn(),
                    stages.end());
            RunScope scope = new RunScope(
                    identity,
                    relay.owner(),
                    relay.id() + "/" + AdvisoryLock.sessionId(control),
                    start.adoptions(),
                    ring,
                    new Router(relay.config().routes(), relay.config().headers(), identity.sourceId()),
                    start.topics(),
                    publisher,
                    new ComparedPublication(publication, start.publication()),
                    new ToldIndex(relay.index(), indexWriter),
                    engine::confirmUpTo,
                    start.tally(),
                    relay.config().limits(),
                    batchSize);
            RunWatch watch = new RunWatch(relay, control, engine, start.topics(), publication, isStopping);
            try (PublishLoop loop = new PublishLoop(scope, start.decision(), watch)) {
                loop.publishUntilStopped();
            } finally {
                relay.state().capturesNoMore();
            }
            Failpoint.BEFORE_RELEASE.reach();
        }
    }

    private static void warnOfWeakTransactions(Topics topics) throws PublishFailure, InterruptedException {
        if (!topics.hasDefendedTransactions()) {
            LOG.warn("event=weak-transactions transaction.version=below-2 fix=\"kafka-features.sh upgrade --feature"
                    + " transaction.version=2\" why=KIP-890");
        }
    }

    private boolean hasDeadLetters() {
        return relay.config().routes().stream().anyMatch(RouteConfig::hasDeadLetters);
    }

    /**
     * Returns once the stream is open, and on the same server as all other sessions. During a failover of Postgres, one
     * name may lead to two servers, and the events of the other one are not of this timeline.
     *
     * @return false if the relay is stopping
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
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(STREAM_SEEN_SECONDS);
        while (!isStreamSeen(control, engine)) {
            engine.checkAlive(); // a walsender that has died gives the reason
            if (System.nanoTime() > deadline) {
                throw new CaptureFailed(
                        "the replication stream is not on the server that holds the lock; postgres.url must"
                                + " lead to the primary only");
            }
            TimeUnit.MILLISECONDS.sleep(STREAM_CHECK_MILLIS);
        }
        return true;
    }

    private boolean isStreamSeen(Connection control, CaptureEngine engine) throws SQLException {
        return relay.database()
                .slot(control)
                .map(slot -> engine.isSentBy(slot.activePid()))
                .orElse(false);
    }

    private void ensureTopics(Topics topics) throws PublishFailure, InterruptedException {
        topics.ensureOwn();
        if (hasDeadLetters()) {
            topics.ensureDeadLetters();
        }
    }

    /** @return null if the table is not ours: the relay must not delete its rows */
    private @Nullable Cleanup startCleanup(SourceIdentity identity, AuditTally tally) {
        if (!relay.config().outbox().isOwn()) {
            return null;
        }
        return Cleanup.start(
                relay.database(),
                identity,
                relay.config().outbox().retention().toJavaDuration(),
                relay.index()::published,
                new RunAccounts(relay.config().kafka(), identity.sourceId(), tally, relay.state()),
                () -> relay.state().snapshot().phase() == RelayState.Phase.RUNNING);
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
