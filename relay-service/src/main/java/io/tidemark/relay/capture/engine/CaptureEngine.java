// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture.engine;

import io.debezium.embedded.Connect;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.RecordChangeEvent;
import io.debezium.engine.format.ChangeEventFormat;
import io.tidemark.outbox.Lsn;
import io.tidemark.relay.capture.CaptureFailed;
import io.tidemark.relay.capture.ChangeRing;
import io.tidemark.relay.capture.OutboxShape;
import io.tidemark.relay.config.OutboxConfig;
import io.tidemark.relay.config.PostgresConfig;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One Debezium engine that feeds the ring of one run. The run that made it starts and closes it; single-use. Every
 * close is treated as a crash: nothing depends on how far the engine got.
 */
public final class CaptureEngine implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(CaptureEngine.class);

    private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration STALL_TIMEOUT = Duration.ofSeconds(25);
    private static final Duration SILENCE_MARGIN = Duration.ofSeconds(15);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);

    private final Tap tap;
    private final String tapId;
    private final DebeziumEngine<RecordChangeEvent<SourceRecord>> engine;
    private final Thread thread;
    private final CompletableFuture<@Nullable Throwable> ended;
    private final long startNanos = System.nanoTime();
    private volatile Duration silenceLimit = silenceLimit(Duration.ofMinutes(1));

    private CaptureEngine(
            Tap tap,
            String tapId,
            DebeziumEngine<RecordChangeEvent<SourceRecord>> engine,
            CompletableFuture<@Nullable Throwable> ended) {
        this.tap = tap;
        this.tapId = tapId;
        this.engine = engine;
        this.ended = ended;
        this.thread = new Thread(engine, "capture-engine-" + tapId);
        this.thread.setDaemon(true);
    }

    /**
     * Starts an engine that sends what commits after {@code startLsn}.
     *
     * @param outbox the table that contains the events
     * @param startLsn the slot's confirmed LSN as just checked; the engine fails when the stream starts elsewhere
     * @param shapeCompleteAt see {@link OutboxShape#completeAt}
     */
    public static CaptureEngine start(
            PostgresConfig postgres, OutboxConfig outbox, Lsn startLsn, Lsn shapeCompleteAt, ChangeRing ring) {
        Tap tap = new Tap(ring, outbox, startLsn, shapeCompleteAt);
        String tapId = Taps.register(tap);
        CompletableFuture<@Nullable Throwable> ended = new CompletableFuture<>();
        DebeziumEngine<RecordChangeEvent<SourceRecord>> engine = DebeziumEngine.create(
                        ChangeEventFormat.of(Connect.class))
                .using(EngineProperties.of(postgres, outbox, tapId))
                .notifying(
                        (List<RecordChangeEvent<SourceRecord>> records,
                                DebeziumEngine.RecordCommitter<RecordChangeEvent<SourceRecord>> committer) -> {
                            throw new IllegalStateException("the tap lets nothing through to Debezium, but "
                                    + records.size() + " records arrived");
                        })
                .using((success, message, error) -> ended.complete(
                        error != null ? error : new CaptureFailed(success ? "the engine ended" : message)))
                .build();
        CaptureEngine capture = new CaptureEngine(tap, tapId, engine, ended);
        capture.thread.start();
        return capture;
    }

    /**
     * The publishing thread must call this often.
     *
     * @throws CaptureFailed when the engine has ended, did not open its stream in time, has stopped reading, or gets no
     *     answer from the server
     */
    public void checkAlive() throws CaptureFailed {
        if (ended.isDone()) {
            Throwable failure = ended.join();
            throw new CaptureFailed("capture ended: " + rootMessage(failure), failure);
        }
        long now = System.nanoTime();
        if (!isStarted()) {
            if (now - startNanos > START_TIMEOUT.toNanos()) {
                throw new CaptureFailed(
                        "the replication stream did not open within " + START_TIMEOUT.toSeconds() + " s");
            }
        } else if (now - tap.lastTurnNanos() > STALL_TIMEOUT.toNanos()) {
            throw new CaptureFailed("the replication stream stood still for " + STALL_TIMEOUT.toSeconds() + " s");
        } else if (tap.silentNanos() > silenceLimit.toNanos()) {
            throw new CaptureFailed("the server has not answered on the replication stream for "
                    + silenceLimit.toSeconds() + " s, though asked ten times a second; its connection is dead, or its"
                    + " walsender hangs");
        }
    }

    /**
     * Sets the timeout after which a silent server counts as dead.
     *
     * @param walSenderTimeout the server's setting. In a large transaction that has nothing to publish, the walsender
     *     reads our requests only after half of this time
     */
    public void expectAnswersWithin(Duration walSenderTimeout) {
        silenceLimit = silenceLimit(walSenderTimeout);
    }

    private static Duration silenceLimit(Duration walSenderTimeout) {
        return walSenderTimeout.dividedBy(2).plus(SILENCE_MARGIN);
    }

    private static String rootMessage(@Nullable Throwable failure) {
        String message = "for no given reason";
        for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause.getMessage() != null) {
                message = cause.getMessage();
            }
        }
        return message.lines().findFirst().orElse(message);
    }

    /** Whether the stream is open. */
    public boolean isStarted() {
        return tap.startedLatch().getCount() == 0;
    }

    /** Whether this process of the server sends our stream. */
    public boolean isSentBy(OptionalInt walsender) {
        return walsender.isPresent() && walsender.getAsInt() == tap.walsenderPid();
    }

    /**
     * The server need not send again what committed at or below {@code lsn}, because Kafka has it. Takes effect soon.
     */
    public void confirmUpTo(Lsn lsn) {
        tap.confirmUpTo(lsn);
    }

    /** The LSN up to which the slot may be confirmed now. */
    public Lsn confirmed() {
        return tap.confirmed();
    }

    /** The LSN of the last commit or barrier taken off the stream. */
    public Lsn captured() {
        return tap.captured();
    }

    /**
     * Everything committed at or below this LSN is captured. Unlike {@link #captured}, it also advances where the WAL
     * has nothing to capture. Slightly out of date.
     */
    public Lsn received() {
        return tap.received();
    }

    /** Number of changes other than inserts that the stream delivered; they are not events. */
    public long ignoredChanges() {
        return tap.ignoredChanges();
    }

    /** Stops the engine within a bounded time, and immediately if it has not started yet. */
    @Override
    public void close() {
        tap.shut();
        try {
            closeEngine();
            thread.join(CLOSE_TIMEOUT.toMillis());
            if (thread.isAlive()) {
                thread.interrupt();
                thread.join(CLOSE_TIMEOUT.toMillis());
            }
            if (thread.isAlive()) {
                LOG.warn("event=capture-close-timeout thread={}", thread.getName());
            }
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
        } finally {
            Taps.unregister(tapId);
        }
    }

    /** Retries while the engine refuses to close, which it does while its tasks are starting. */
    private void closeEngine() throws InterruptedException {
        long deadline = System.nanoTime() + CLOSE_TIMEOUT.toNanos();
        while (thread.isAlive() && System.nanoTime() < deadline) {
            try {
                engine.close();
                return;
            } catch (IllegalStateException e) {
                TimeUnit.MILLISECONDS.sleep(20);
            } catch (IOException e) {
                LOG.warn("event=capture-close-failed error=\"{}\"", e.getMessage());
                return;
            }
        }
    }
}
