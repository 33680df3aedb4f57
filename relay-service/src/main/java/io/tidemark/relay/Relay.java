package io.tidemark.relay;

import io.tidemark.relay.assemble.OtherHistory;
import io.tidemark.relay.assemble.SpillFailed;
import io.tidemark.relay.capture.CaptureFailed;
import io.tidemark.relay.capture.OutboxShapeChanged;
import io.tidemark.relay.config.ConfigurationProblem;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.election.AdvisoryLock;
import io.tidemark.relay.explain.EventTracer;
import io.tidemark.relay.failpoint.Failpoint;
import io.tidemark.relay.follow.IndexFollower;
import io.tidemark.relay.health.RelayState;
import io.tidemark.relay.metrics.FailureReason;
import io.tidemark.relay.metrics.Metrics;
import io.tidemark.relay.position.PublishedIndex;
import io.tidemark.relay.position.StartDecision;
import io.tidemark.relay.progress.GroupOffsets;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.replica.Primary;
import io.tidemark.relay.replica.ReplicaWatermarks;
import io.tidemark.relay.route.PoisonEvent;
import io.tidemark.relay.source.Nudges;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.SourceNotReady;
import io.tidemark.relay.source.SourceProbe;
import io.tidemark.relay.source.TimelineHistory;
import io.tidemark.relay.watermark.Watermarks;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The whole relay: what lives as long as the process, and a supervisor that makes one run after the other. Every run
 * opens everything anew and in one order: lock, fence earlier producers, read the position, stream.
 */
public final class Relay {

    private static final Logger LOG = LoggerFactory.getLogger(Relay.class);

    private static final long FIRST_BACKOFF_MILLIS = 200;
    private static final long LAST_BACKOFF_MILLIS = 10_000;
    private static final long STOP_MILLIS = 15_000;
    /** How long a halted relay waits before it looks whether a person has acted. */
    private static final long PROBE_MILLIS = 20_000;

    private static final long STANDBY_MILLIS = 1_000;
    private static final String OTHER_SOURCE =
            "the database behind postgres.url is another one, or on another timeline, now";

    private final RelayConfiguration config;
    private final SourceDatabase database;
    private final PublishedIndex index;
    private final RelayState state = new RelayState();
    private final Nudges nudges;
    private final GroupOffsets groups;
    private final Watermarks watermarks;
    private final ReplicaWatermarks replicas;
    private final EventTracer tracer;
    private final IndexFollower follower;
    private final Metrics metrics;
    private final String owner;
    private volatile Optional<TimelineHistory> primaryHistory = Optional.empty();
    /** Tells this replica's runs from those of others. */
    private final String id = UUID.randomUUID().toString().substring(0, 8);

    private final CountDownLatch stopping = new CountDownLatch(1);
    private final Thread supervisor = new Thread(this::supervise, "relay");

    public Relay(RelayConfiguration config) {
        this.config = config;
        this.database = new SourceDatabase(config.postgres());
        this.index = new PublishedIndex(topic -> config.projections().stream()
                .anyMatch(projection -> projection.topics().contains(topic)));
        this.nudges = new Nudges(database);
        this.groups = new GroupOffsets(config.kafka());
        this.watermarks = new Watermarks(config.projections(), index, groups, nudges, config.watermark());
        this.replicas = new ReplicaWatermarks(config.postgres(), this::primary, nudges, config.watermark());
        this.tracer = new EventTracer(
                config,
                database,
                nudges,
                () -> watermarks.isServing() ? Optional.of(index.published()) : Optional.empty());
        this.follower = new IndexFollower(config, database, index, id, new WatermarkGate());
        this.metrics = new Metrics(
                state,
                index,
                follower,
                watermarks,
                new SourceProbe(database, config.postgres().slot()));
        this.owner = ProcessHandle.current().pid() + "@" + hostName();
    }

    private Optional<Primary> primary() {
        return state.snapshot().identity().map(identity -> new Primary(identity.systemIdentifier(), primaryHistory));
    }

    private static String hostName() {
        String name = System.getenv("HOSTNAME");
        return name == null ? "localhost" : name;
    }

    public RelayState state() {
        return state;
    }

    public Watermarks watermarks() {
        return watermarks;
    }

    public ReplicaWatermarks replicas() {
        return replicas;
    }

    public EventTracer tracer() {
        return tracer;
    }

    /** Not started: only who shows them needs what they cost. */
    public Metrics metrics() {
        return metrics;
    }

    public SourceDatabase database() {
        return database;
    }

    public void start() {
        if (Failpoint.anyArmed()) {
            LOG.warn("event=failpoints-armed effect=\"this relay will fail on purpose; never in production\"");
        }
        follower.start();
        supervisor.start();
    }

    /** Ends the run, answers whoever waits, and returns when slot and lock are free, or half a minute is over. */
    public void stop() throws InterruptedException {
        if (isStopping()) {
            return;
        }
        stopping.countDown();
        watermarks.close();
        replicas.close();
        tracer.close();
        follower.close();
        supervisor.join(STOP_MILLIS);
        if (supervisor.isAlive()) { // waiting for a Kafka or a Postgres that does not answer
            supervisor.interrupt();
            supervisor.join(STOP_MILLIS);
        }
        nudges.close();
        groups.close();
        state.enter(RelayState.Phase.STOPPED, null);
    }

    private boolean isStopping() {
        return stopping.getCount() == 0;
    }

    private void supervise() {
        long backoffMillis = FIRST_BACKOFF_MILLIS;
        try {
            while (!isStopping()) {
                long startedNanos = System.nanoTime();
                boolean halted = !runOrSayWhyNot();
                boolean ranWell = System.nanoTime() - startedNanos > TimeUnit.SECONDS.toNanos(30);
                backoffMillis = ranWell ? FIRST_BACKOFF_MILLIS : Math.min(backoffMillis * 2, LAST_BACKOFF_MILLIS);
                long pauseMillis = halted ? PROBE_MILLIS : backoffMillis;
                long jittered = pauseMillis / 2 + ThreadLocalRandom.current().nextLong(pauseMillis / 2 + 1);
                if (stopping.await(jittered, TimeUnit.MILLISECONDS)) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Throwable e) { // out of memory, a class that cannot be loaded: nothing will get better in this process
            LOG.error("event=supervisor-died", e);
            follower.close();
            watermarks.stopServing("the relay has died");
            state.enter(RelayState.Phase.HALTED, "fatal: " + e + "; restart the process");
        }
    }

    /** @return false when the relay has halted: then it only probes, now and again, whether a person has acted */
    private boolean runOrSayWhyNot() throws InterruptedException {
        try {
            runOnce();
        } catch (HaltException e) {
            count(FailureReason.HALTED);
            state.enter(RelayState.Phase.HALTED, message(e));
            return false;
        } catch (SourceNotReady
                | CaptureFailed
                | SQLException
                | PublishFailure
                | KafkaException
                | SpillFailed
                | ConfigurationProblem e) {
            count(reasonOf(e));
            state.enter(RelayState.Phase.RETRYING, message(e));
        } catch (RuntimeException e) {
            LOG.error("event=run-failed", e); // a bug: the trace is worth its lines
            count(FailureReason.UNEXPECTED);
            state.enter(RelayState.Phase.RETRYING, "unexpected: " + e);
        }
        return true;
    }

    /** Before the state says that it has failed. */
    private void count(FailureReason reason) {
        metrics.counters().failed(reason, state.snapshot().phase() == RelayState.Phase.RUNNING);
    }

    private static FailureReason reasonOf(Exception failure) {
        if (failure instanceof PublishFailure publishing && publishing.kind() == PublishFailure.Kind.FENCED) {
            return FailureReason.FENCED;
        }
        if (failure instanceof SourceNotReady || failure instanceof SQLException) {
            return FailureReason.POSTGRES;
        }
        if (failure instanceof CaptureFailed) {
            return FailureReason.CAPTURE;
        }
        if (failure instanceof SpillFailed) {
            return FailureReason.SPILL;
        }
        return failure instanceof ConfigurationProblem ? FailureReason.CONFIGURATION : FailureReason.KAFKA;
    }

    private static String message(Exception failure) {
        return failure.getMessage() == null ? failure.toString() : failure.getMessage();
    }

    private void runOnce()
            throws HaltException, SourceNotReady, CaptureFailed, SQLException, PublishFailure, InterruptedException {
        try (Connection control = database.connect("control")) {
            SourceIdentity identity = database.checkReady(control, config.outbox());
            if (index.belongTo(identity)) {
                watermarks.stopServing(OTHER_SOURCE);
            }
            state.identified(identity);
            AdvisoryLock.freeWhenClientDies(control);
            if (!awaitLock(control)) {
                return;
            }
            Failpoint.AFTER_LOCK.reach();
            new ActiveRun(
                            config,
                            database,
                            index,
                            follower,
                            state,
                            watermarks,
                            metrics.counters(),
                            id,
                            owner,
                            this::isStopping)
                    .run(control, identity);
        } catch (PublishFailure e) {
            if (e.kind() == PublishFailure.Kind.HALT || e.kind() == PublishFailure.Kind.NO_RIGHT) {
                throw new HaltException(message(e), e);
            }
            throw e;
        } catch (SourceNotReady e) {
            if (e.isRightMissing()) {
                throw new HaltException(message(e), e);
            }
            throw e;
        } catch (OtherHistory e) {
            throw new HaltException(message(e) + ". " + StartDecision.whatToDo(), e);
        } catch (PoisonEvent | OutboxShapeChanged e) {
            throw new HaltException(message(e), e);
        }
    }

    /** @return false when the relay is stopping */
    private boolean awaitLock(Connection control) throws SQLException, InterruptedException {
        while (!AdvisoryLock.tryAcquire(control, config.postgres().slot())) {
            state.enter(RelayState.Phase.STANDBY, "another replica is active");
            if (stopping.await(STANDBY_MILLIS, TimeUnit.MILLISECONDS)) {
                return false;
            }
        }
        return true;
    }

    /** Lets the watermark endpoint answer while the index can be relied on. */
    private final class WatermarkGate implements IndexFollower.Listener {

        @Override
        public void sound(SourceIdentity identity, TimelineHistory history) {
            primaryHistory = Optional.of(history);
            watermarks.serve(identity, history);
        }

        @Override
        public void unsound(String reason) {
            watermarks.stopServing(reason);
            nudges.clear();
        }

        @Override
        public void advanced() {
            watermarks.advanced();
        }

        @Override
        public void recreated(Map<String, String> topics) {
            watermarks.setRecreated(topics);
        }
    }
}
