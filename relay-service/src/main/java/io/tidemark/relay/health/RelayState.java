package io.tidemark.relay.health;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.source.SourceIdentity;
import java.time.Instant;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
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
     * @param reason why it is not running; null when it is
     * @param identity of the database, once known
     */
    public record Snapshot(
            Phase phase,
            @Nullable String reason,
            Instant since,
            Optional<SourceIdentity> identity,
            Lsn captured,
            Lsn published,
            Lsn confirmed) {

        /** {@code active} for the replica that captures, {@code standby} for all others. */
        public String role() {
            return phase == Phase.RUNNING ? "active" : "standby";
        }
    }

    private Phase phase = Phase.STARTING;
    private @Nullable String reason;
    private Instant since = Instant.now();
    private Optional<SourceIdentity> identity = Optional.empty();
    private Lsn captured = Lsn.ZERO;
    private Lsn published = Lsn.ZERO;
    private Lsn confirmed = Lsn.ZERO;

    /** Logs once for each change. */
    public synchronized void enter(Phase next, @Nullable String why) {
        if (next == phase && Objects.equals(why, reason)) {
            return;
        }
        phase = next;
        reason = why;
        since = Instant.now();
        switch (next) {
            case HALTED -> LOG.error("event=state state=halted reason=\"{}\"", why);
            case RETRYING -> LOG.warn("event=state state=retrying reason=\"{}\"", why);
            default -> LOG.info("event=state state={}", next.name().toLowerCase(Locale.ROOT));
        }
    }

    public synchronized void identified(SourceIdentity source) {
        identity = Optional.of(source);
    }

    public synchronized void progressed(Lsn capturedUpTo, Lsn publishedUpTo, Lsn confirmedUpTo) {
        captured = capturedUpTo;
        published = publishedUpTo;
        confirmed = confirmedUpTo;
    }

    public synchronized Snapshot snapshot() {
        return new Snapshot(phase, reason, since, identity, captured, published, confirmed);
    }
}
