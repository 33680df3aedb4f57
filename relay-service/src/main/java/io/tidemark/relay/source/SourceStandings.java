package io.tidemark.relay.source;

import io.tidemark.relay.source.SourceDatabase.Standing;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How WAL and slot stand, for however many ask at once: on one connection at a time, because callers of an interface
 * must not be able to use up those of the application. Each is told what was looked at after it had asked. Any thread;
 * it waits for the look before its own, and its own.
 */
public final class SourceStandings {

    private final SourceDatabase database;
    private long lookedNanos;
    private @Nullable Look last;

    /** One of the two is there. */
    private record Look(
            @Nullable Standing standing, @Nullable SourceNotReady failure) {}

    public SourceStandings(SourceDatabase database) {
        this.database = database;
    }

    /** @throws SourceNotReady when the database does not tell */
    public Standing now() throws SourceNotReady {
        return lookedAtAfter(System.nanoTime());
    }

    private synchronized Standing lookedAtAfter(long askedNanos) throws SourceNotReady {
        Look look = last;
        if (look == null || lookedNanos - askedNanos < 0) {
            lookedNanos = System.nanoTime();
            look = look();
            last = look;
        }
        if (look.failure() != null) {
            throw new SourceNotReady(String.valueOf(look.failure().getMessage()), look.failure());
        }
        return Objects.requireNonNull(look.standing());
    }

    private Look look() {
        try {
            return new Look(database.standing(), null);
        } catch (SourceNotReady e) {
            return new Look(null, e);
        }
    }
}
