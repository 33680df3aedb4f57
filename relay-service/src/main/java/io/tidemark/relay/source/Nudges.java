package io.tidemark.relay.source;

import io.tidemark.outbox.Lsn;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends nudges, one for however many ask: an answer that covers an LSN serves everyone at or below it. A thread of its
 * own, with a connection that is kept while it is of use.
 */
public final class Nudges implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Nudges.class);

    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final SourceDatabase database;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(runnable -> {
        Thread nudger = new Thread(runnable, "nudge");
        nudger.setDaemon(true);
        return nudger;
    });
    private @Nullable Connection connection;
    private long connectedNanos;
    private @Nullable SourceIdentity server;
    private @Nullable Nudge last;
    private boolean away;
    private long retryNanos;

    public Nudges(SourceDatabase database) {
        this.database = database;
    }

    /**
     * Makes the stream pass {@code lsn} soon.
     *
     * @param written told, on this class's thread, of the nudge that serves. Not told when the database is away.
     */
    public void request(Lsn lsn, Consumer<Nudge> written) {
        thread.execute(() -> {
            if (last == null || lsn.isAfter(last.lsn())) {
                send();
            }
            if (last != null) {
                written.accept(last);
            }
        });
    }

    /** Theirs was another server: the next nudge goes to whichever the URL leads to then; at most one a second. */
    public void notOf(SourceIdentity served) {
        thread.execute(() -> {
            if (server != null && !server.equals(served) && System.nanoTime() - connectedNanos > RETRY_NANOS) {
                disconnect();
            }
        });
    }

    /** The database may be another one now, whose LSNs mean something else. */
    public void clear() {
        thread.execute(this::disconnect);
    }

    /** While the database is away, one attempt a second serves however many ask. */
    private void send() {
        last = null;
        if (away && System.nanoTime() - retryNanos < 0) {
            return;
        }
        try {
            if (connection == null || server == null) {
                connection = database.connect("nudge");
                connectedNanos = System.nanoTime();
                server = database.identity(connection); // of a session out of recovery: neither changes while it lasts
            }
            last = new Nudge(database.nudge(connection), server);
            away = false;
        } catch (SourceNotReady | SQLException e) {
            if (!away) {
                LOG.warn("event=nudge-failed error=\"{}\"", e.getMessage());
            }
            away = true;
            retryNanos = System.nanoTime() + RETRY_NANOS;
            disconnect();
        }
    }

    private void disconnect() {
        if (connection != null) {
            try {
                connection.close();
            } catch (SQLException e) {
                LOG.debug("event=nudge-disconnect-failed error=\"{}\"", e.getMessage());
            }
            connection = null;
        }
        server = null;
        last = null;
    }

    @Override
    public void close() {
        thread.execute(this::disconnect);
        thread.shutdown();
        try {
            if (!thread.awaitTermination(2, TimeUnit.SECONDS)) {
                thread.shutdownNow();
            }
        } catch (InterruptedException e) {
            thread.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
