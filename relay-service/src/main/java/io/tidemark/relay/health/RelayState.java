// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.health;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.account.AuditStanding;
import io.tidemark.relay.source.SourceIdentity;
import java.time.Instant;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The state of the relay, for people and probes. The supervisor and its run write it; any thread reads it. */
public final class RelayState {

    private static final Logger LOG = LoggerFactory.getLogger(RelayState.class);

    /** The phases; {@code GET /v1/source} returns their names in lower case. */
    public enum Phase {
        /** Checking the database, waiting for the last Kafka transaction, reading the position. */
        STARTING,
        /** Another replica captures. This one is ready to take over. */
        STANDBY,
        /** Capturing and publishing. */
        RUNNING,
        /** A server is unreachable, or something is missing. The relay tries again. */
        RETRYING,
        /** Continuing could lose or repeat events. A person must act. */
        HALTED,
        /** Shut down. */
        STOPPED
    }

    /**
     * A consistent copy of the state.
     *
     * @param reason why it is not running, or why a running relay makes no progress; null when all is well
     * @param identity identity of the database, once known
     * @param received every event committed at or below it is captured
     * @param captured the commit or nudge captured last
     * @param audit the findings of the cleanup of this process
     * @param ignoredChanges updates, deletes and truncates of the outbox read since this process started
     */
    public record Snapshot(
            Phase phase,
            @Nullable String reason,
            Instant since,
            Optional<SourceIdentity> identity,
            Lsn received,
            Lsn captured,
            Lsn published,
            Lsn confirmed,
            AuditStanding audit,
            long ignoredChanges) {

        /** {@code active} for the replica that captures, {@code standby} for all others. */
        public String role() {
            return phase == Phase.RUNNING ? "active" : "standby";
        }
    }

    /** How far a stream has read. Called on any thread. */
    public interface Capture {

        Lsn received();

        Lsn captured();
    }

    private record LastCapture(Lsn received, Lsn captured) implements Capture {}

    private Phase phase = Phase.STARTING;
    private @Nullable String reason = "connecting to Postgres";
    private Instant since = Instant.now();
    private Optional<SourceIdentity> identity = Optional.empty();
    private Capture capture = new LastCapture(Lsn.ZERO, Lsn.ZERO);
    private Lsn published = Lsn.ZERO;
    private Lsn confirmed = Lsn.ZERO;
    private AuditStanding audit = AuditStanding.UNKNOWN;
    private final AtomicLong deadLetters = new AtomicLong();
    private long ignoredChanges;
    private final AtomicLong turns = new AtomicLong();
    private volatile long lastTurnNanos = System.nanoTime();
    private volatile boolean isDead;

    /**
     * Logs once for each change. A halted relay that probes whether it may continue stays halted until it continues.
     */
    public synchronized void enter(Phase next, @Nullable String why) {
        if (phase == Phase.HALTED && next == Phase.STARTING) {
            return;
        }
        if (next == Phase.RUNNING && phase != Phase.RUNNING) {
            turned();
        }
        if (next == phase && Objects.equals(why, reason)) {
            return;
        }
        phase = next;
        reason = why;
        since = Instant.now();
        switch (next) {
            case HALTED -> LOG.error("event=state state=halted reason=\"{}\"", why);
            case RETRYING -> LOG.warn("event=state state=retrying reason=\"{}\"", why);
            default -> {
                String state = next.name().toLowerCase(Locale.ROOT);
                if (why == null) {
                    LOG.info("event=state state={}", state);
                } else {
                    LOG.info("event=state state={} reason=\"{}\"", state, why);
                }
            }
        }
    }

    /** No run will start in this process any more. */
    public void die(String why) {
        isDead = true; // first: the rest may fail for the same reason
        enter(Phase.HALTED, why);
    }

    boolean isDead() {
        return isDead;
    }

    /** Counts one turn of the publishing loop, which turns several times a second, also without traffic. */
    public void turned() {
        turns.incrementAndGet();
        lastTurnNanos = System.nanoTime();
    }

    /** Adds to the number of dead letters written. */
    public void addDeadLetters(int more) {
        deadLetters.addAndGet(more);
    }

    /** Dead letters that this process has written. The topic has the current number. */
    public long deadLettersWritten() {
        return deadLetters.get();
    }

    /** Number of turns of the loop. */
    long turns() {
        return turns.get();
    }

    /** Seconds since the last turn of a running relay's loop; 0 in any other phase. */
    long stalledSeconds() {
        return snapshot().phase() == Phase.RUNNING
                ? TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - lastTurnNanos)
                : 0;
    }

    public synchronized boolean isHalted() {
        return phase == Phase.HALTED;
    }

    public synchronized void identified(SourceIdentity source) {
        identity = Optional.of(source);
    }

    /** Uses this stream from now on. It is asked at each snapshot, because the loop may be waiting for Kafka. */
    public synchronized void captures(Capture running) {
        capture = running;
    }

    /** Keeps the LSN captured last. */
    public synchronized void capturesNoMore() {
        capture = new LastCapture(capture.received(), capture.captured());
    }

    public synchronized void progressed(Lsn publishedUpTo, Lsn confirmedUpTo) {
        published = publishedUpTo;
        confirmed = confirmedUpTo;
    }

    /** The findings of the cleanup; empty on a replica that does not clean up. */
    public synchronized void audited(AuditStanding standing) {
        audit = standing;
    }

    /** Logs only the first. */
    public synchronized void ignored(long changes) {
        if (changes > 0 && ignoredChanges == 0) {
            LOG.warn("event=changes-ignored why=\"the publication includes updates, deletes or truncates of the outbox,"
                    + " which are not events\" fix=\"alter publication … set (publish = 'insert')\"");
        }
        ignoredChanges += changes;
    }

    public synchronized Snapshot snapshot() {
        Lsn received = capture.received(); // first: everything received by now is captured before the next line reads
        return new Snapshot(
                phase,
                reason,
                since,
                identity,
                received,
                capture.captured(),
                published,
                confirmed,
                audit,
                ignoredChanges);
    }
}
