// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.run;

import io.tidemark.relay.assemble.OtherHistory;
import io.tidemark.relay.assemble.SpillFailed;
import io.tidemark.relay.assemble.UnreadableTransaction;
import io.tidemark.relay.capture.CaptureFailed;
import io.tidemark.relay.config.ConfigurationProblem;
import io.tidemark.relay.failpoint.Failpoint;
import io.tidemark.relay.health.RelayState;
import io.tidemark.relay.loop.BatchSize;
import io.tidemark.relay.metrics.FailureReason;
import io.tidemark.relay.position.StartDecision;
import io.tidemark.relay.publication.PublicationChanged;
import io.tidemark.relay.publication.PublicationNotSeen;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.reason.Reason;
import io.tidemark.relay.route.PoisonEvent;
import io.tidemark.relay.source.AdvisoryLock;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.SourceNotReady;
import io.tidemark.relay.source.check.SourceCheck;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts one run after another, on a dedicated thread, and reports the reason if there is none. Every run opens
 * everything again, in one order: lock, fence earlier producers, read the position, stream.
 */
public final class Supervisor {

    private static final Logger LOG = LoggerFactory.getLogger(Supervisor.class);

    private static final long FIRST_BACKOFF_MILLIS = 200;
    private static final long LAST_BACKOFF_MILLIS = 10_000;
    private static final long STOP_MILLIS = 15_000;
    /** Time before a halted relay checks again whether a person has acted. */
    private static final long PROBE_MILLIS = 20_000;

    /** Time between two tries of a standby: part of every takeover, and four small statements a second. */
    private static final long STANDBY_MILLIS = 250;

    private static final String OTHER_SOURCE =
            "the database behind postgres.url is another one, or on another timeline, now";

    private final ProcessScope relay;
    private final BatchSize batchSize;
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final Thread thread = new Thread(this::supervise, "relay");

    public Supervisor(ProcessScope relay) {
        this.relay = relay;
        this.batchSize = new BatchSize(relay.config().limits());
    }

    public void start() {
        thread.start();
    }

    /** Asks it to end; returns immediately. */
    public void stop() {
        stopping.countDown();
    }

    public boolean isStopping() {
        return stopping.getCount() == 0;
    }

    /** Returns when it has ended, and slot and lock are free, or after half a minute. */
    public void join() throws InterruptedException {
        thread.join(STOP_MILLIS);
        if (thread.isAlive()) { // waiting for a Kafka or a Postgres that does not answer
            thread.interrupt();
            thread.join(STOP_MILLIS);
        }
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
        } catch (Throwable e) { // for example a class that cannot be loaded: this process cannot recover
            try {
                LOG.error("event=supervisor-died", e);
                relay.follower().close();
                relay.watermarks().stopServing("the relay has died");
            } finally { // the handling may fail in the same way
                relay.state().die("fatal: " + e + "; the process ends"); // by the watchdog
            }
        }
    }

    /** @return false if the relay has halted: then it only checks, from time to time, whether a person has acted */
    private boolean runOrSayWhyNot() throws InterruptedException {
        try {
            runOnce();
        } catch (HaltException e) {
            count(FailureReason.HALTED);
            relay.state().enter(RelayState.Phase.HALTED, message(e));
            return false;
        } catch (SourceNotReady
                | CaptureFailed
                | SQLException
                | PublishFailure
                | KafkaException
                | SpillFailed
                | PublicationNotSeen
                | ConfigurationProblem e) {
            count(reasonOf(e));
            relay.state().enter(RelayState.Phase.RETRYING, message(e));
        } catch (RuntimeException e) {
            LOG.error("event=run-failed", e); // a bug: log the stack trace
            count(FailureReason.UNEXPECTED);
            relay.state().enter(RelayState.Phase.RETRYING, "unexpected: " + Reason.of(e));
        }
        return true;
    }

    /** Called before the state changes to failed. */
    private void count(FailureReason reason) {
        relay.counters().failed(reason, relay.state().snapshot().phase() == RelayState.Phase.RUNNING);
    }

    private static FailureReason reasonOf(Exception failure) {
        if (failure instanceof PublishFailure publishing && publishing.kind() == PublishFailure.Kind.FENCED) {
            return FailureReason.FENCED;
        }
        if (failure instanceof SourceNotReady
                || failure instanceof SQLException
                || failure instanceof PublicationNotSeen) {
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
        return Reason.of(failure);
    }

    private void runOnce()
            throws HaltException, SourceNotReady, CaptureFailed, SQLException, PublishFailure, InterruptedException {
        try (Connection control = relay.database().connect("control")) {
            SourceIdentity identity =
                    SourceCheck.ready(relay.database(), relay.config().outbox(), control);
            if (relay.index().belongTo(identity)) {
                relay.watermarks().stopServing(OTHER_SOURCE);
            }
            relay.state().identified(identity);
            AdvisoryLock.freeWhenClientDies(control);
            if (!awaitLock(control)) {
                return;
            }
            Failpoint.AFTER_LOCK.reach();
            new ActiveRun(relay, batchSize, this::isStopping).run(control, identity);
        } catch (PublishFailure e) {
            if (e.kind() == PublishFailure.Kind.HALT || e.kind() == PublishFailure.Kind.NO_RIGHT) {
                throw new HaltException(message(e), e);
            }
            throw e;
        } catch (KafkaException e) { // a client could not be created
            PublishFailure made = PublishFailure.of(e);
            if (made.kind() == PublishFailure.Kind.HALT) {
                throw new HaltException(message(made), e);
            }
            throw e;
        } catch (SourceNotReady e) {
            if (e.isRightMissing()) {
                throw new HaltException(message(e), e);
            }
            throw e;
        } catch (OtherHistory e) {
            throw new HaltException(message(e) + ". " + StartDecision.whatToDo(), e);
        } catch (PoisonEvent | UnreadableTransaction | PublicationChanged e) {
            throw new HaltException(message(e), e);
        }
    }

    /** @return false if the relay is stopping */
    private boolean awaitLock(Connection control) throws SQLException, InterruptedException {
        while (!AdvisoryLock.tryAcquire(control, relay.config().postgres().slot())) {
            relay.state().enter(RelayState.Phase.STANDBY, "another replica is active");
            if (stopping.await(STANDBY_MILLIS, TimeUnit.MILLISECONDS)) {
                return false;
            }
        }
        return true;
    }
}
