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
import io.tidemark.relay.capture.OutboxShapeChanged;
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
 * One Debezium engine for one run, flowing into a ring. Started and closed by the run that made it; single-use. Every
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
     * @param outbox which table the events are in
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
     * To be called often by the publishing thread.
     *
     * @throws CaptureFailed when the engine has ended, did not open its stream in time, or its loop stands still
     * @throws OutboxShapeChanged when the outbox table cannot be read any more
     */
    public void checkAlive() throws CaptureFailed {
        if (ended.isDone()) {
            Throwable failure = ended.join();
            throwIfShapeChanged(failure);
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
     * From when on a silent server is taken for dead.
     *
     * @param walSenderTimeout the server's setting: in a large transaction that has nothing to publish its walsender
     *     looks for our questions only after half of it
     */
    public void expectAnswersWithin(Duration walSenderTimeout) {
        silenceLimit = silenceLimit(walSenderTimeout);
    }

    private static Duration silenceLimit(Duration walSenderTimeout) {
        return walSenderTimeout.dividedBy(2).plus(SILENCE_MARGIN);
    }

    private static void throwIfShapeChanged(@Nullable Throwable failure) {
        for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof OutboxShapeChanged changed) {
                throw changed;
            }
        }
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

    /** Whether it is our stream that this process of the server sends. */
    public boolean isSentBy(OptionalInt walsender) {
        return walsender.isPresent() && walsender.getAsInt() == tap.walsenderPid();
    }

    /** The server need not send again what committed at or below {@code lsn}: Kafka has it. Takes effect soon. */
    public void confirmUpTo(Lsn lsn) {
        tap.confirmUpTo(lsn);
    }

    /** How far the slot may be confirmed now. */
    public Lsn confirmed() {
        return tap.confirmed();
    }

    /** The LSN of the last commit or barrier taken off the stream. */
    public Lsn captured() {
        return tap.captured();
    }

    /**
     * Everything committed at or below it is captured; unlike {@link #captured} it moves on where there is nothing to
     * capture. As of a moment ago.
     */
    public Lsn received() {
        return tap.received();
    }

    /** How many changes other than inserts came off the stream; they are no events. */
    public long ignoredChanges() {
        return tap.ignoredChanges();
    }

    /** Stops the engine within a bounded time, at once when it has not even started. */
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

    /** While its tasks are starting, the engine refuses to close; then it is asked again. */
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
