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

/** What the relay is doing, for people and probes. Written by the supervisor and its run, read by any thread. */
public final class RelayState {

    private static final Logger LOG = LoggerFactory.getLogger(RelayState.class);

    /** The phases, as {@code GET /v1/source} names them in lower case. */
    public enum Phase {
        /** Checking the database, waiting for the last Kafka transaction, reading the position. */
        STARTING,
        /** Another replica captures; this one is ready to take over. */
        STANDBY,
        /** Capturing and publishing. */
        RUNNING,
        /** Something is away or missing; it is tried again. */
        RETRYING,
        /** Going on could lose or repeat events; a person must act. */
        HALTED,
        /** Shut down. */
        STOPPED
    }

    /**
     * One consistent look.
     *
     * @param reason why it is not running, or what keeps a running one from making progress; null when all is well
     * @param identity of the database, once known
     * @param received everything committed at or below it is captured, or there was nothing to capture
     * @param captured the last commit or nudge that was captured
     * @param audit what the cleanup of this process has found
     * @param ignoredChanges updates, deletes and truncates of the outbox that were read since this process started
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

    /** How far a stream has come. Asked on any thread. */
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

    /** Logs once for each change. A halted relay that probes whether it may go on stays halted until it does. */
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

    /** Nothing makes runs any more, nor ever will in this process. */
    public void die(String why) {
        isDead = true; // first: the rest may fail for the same reason
        enter(Phase.HALTED, why);
    }

    boolean isDead() {
        return isDead;
    }

    /** The publishing loop has come round; it does so several times a second, also without traffic. */
    public void turned() {
        turns.incrementAndGet();
        lastTurnNanos = System.nanoTime();
    }

    /** So many events more have become dead letters. */
    public void addDeadLetters(int more) {
        deadLetters.addAndGet(more);
    }

    /** How many this process has written; how many there are is in their topic. */
    public long deadLettersWritten() {
        return deadLetters.get();
    }

    /** How often the loop has come round. */
    long turns() {
        return turns.get();
    }

    /** For how long a running relay's loop has stood still; 0 in any other phase. */
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

    /** From now on asked whenever somebody looks: the loop may be waiting for Kafka. */
    public synchronized void captures(Capture running) {
        capture = running;
    }

    /** What was captured last stays. */
    public synchronized void capturesNoMore() {
        capture = new LastCapture(capture.received(), capture.captured());
    }

    public synchronized void progressed(Lsn publishedUpTo, Lsn confirmedUpTo) {
        published = publishedUpTo;
        confirmed = confirmedUpTo;
    }

    /** What the cleanup has found; a replica that does not clean up knows nothing. */
    public synchronized void audited(AuditStanding standing) {
        audit = standing;
    }

    /** Logs the first. */
    public synchronized void ignored(long changes) {
        if (changes > 0 && ignoredChanges == 0) {
            LOG.warn("event=changes-ignored why=\"the publication has updates, deletes or truncates of the outbox,"
                    + " which are no events\" fix=\"alter publication … set (publish = 'insert')\"");
        }
        ignoredChanges += changes;
    }

    public synchronized Snapshot snapshot() {
        Lsn received = capture.received(); // first: what is received is captured by now
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
