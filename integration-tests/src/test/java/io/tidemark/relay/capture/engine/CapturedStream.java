// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture.engine;

import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.harness.TestSource;
import io.tidemark.outbox.Lsn;
import io.tidemark.relay.capture.CapturedEvent;
import io.tidemark.relay.capture.Change;
import io.tidemark.relay.capture.ChangeRing;
import io.tidemark.relay.config.OutboxConfig;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;

/** A capture engine on a test source's slot. The test's thread reads its ring. */
final class CapturedStream implements AutoCloseable {

    static final Duration PATIENCE = Duration.ofMinutes(3);

    private final TestSource source;
    private final ChangeRing ring;
    private final CaptureEngine engine;
    private final Deque<Change> unread = new ArrayDeque<>();

    private CapturedStream(TestSource source, Lsn start, ChangeRing ring) {
        this.source = source;
        this.ring = ring;
        this.engine = CaptureEngine.start(source.configuration().postgres(), OutboxConfig.DEFAULT, start, start, ring);
    }

    /** Starts at the slot's LSN, with space for all events. */
    static CapturedStream start(TestSource source) throws SQLException {
        return start(source, source.confirmed(), Integer.MAX_VALUE);
    }

    static CapturedStream start(TestSource source, Lsn start, int maxChanges) {
        return new CapturedStream(source, start, new ChangeRing(maxChanges, Long.MAX_VALUE));
    }

    CaptureEngine engine() {
        return engine;
    }

    /** Waits until the stream is open. */
    CapturedStream awaitStarted() {
        await("the stream to open").until(() -> {
            engine.checkAlive();
            return engine.isStarted();
        });
        return this;
    }

    /** The changes since the last call, up to a nudge that is sent now and left out. */
    List<Change> readToNow() throws Exception {
        boolean isBarrier = Integer.parseInt(source.query("show server_version_num")) >= 170_000;
        Lsn nudge = Lsn.parse(source.query("select outbox.nudge()::text"));
        List<Change> changes =
                readUntil(isBarrier ? new Change.Barrier(nudge)::equals : change -> isCommitOf(nudge, change));
        changes.remove(changes.size() - 1);
        return changes;
    }

    /** Before Postgres 17, a nudge is a message in a transaction; its LSN is before that of the commit. */
    private static boolean isCommitOf(Lsn nudge, Change change) {
        return change instanceof Change.Commit commit && commit.commitLsn().isAfter(nudge);
    }

    /** The payloads, as text, of the events of {@link #readToNow()}. */
    List<String> payloadsToNow() throws Exception {
        return payloads(readToNow());
    }

    static List<String> payloads(List<? extends Change> changes) {
        return changes.stream()
                .filter(CapturedEvent.class::isInstance)
                .map(change ->
                        new String(Objects.requireNonNull(((CapturedEvent) change).payload()), StandardCharsets.UTF_8))
                .toList();
    }

    /** The changes since the last call, up to the first change that matches. */
    List<Change> readUntil(Predicate<Change> last) throws Exception {
        List<Change> read = new ArrayList<>();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            while (!unread.isEmpty()) {
                Change change = unread.remove();
                read.add(change);
                if (last.test(change)) {
                    return read;
                }
            }
            engine.checkAlive();
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not within " + PATIENCE + "; received " + read);
            }
            ring.drainTo(unread, 100);
        }
    }

    /** Waits for the engine's end and returns the failure of {@link CaptureEngine#checkAlive}. */
    Throwable awaitFailure() {
        return await("the engine to end").until(() -> catchThrowable(engine::checkAlive), Objects::nonNull);
    }

    @Override
    public void close() {
        engine.close();
    }
}
