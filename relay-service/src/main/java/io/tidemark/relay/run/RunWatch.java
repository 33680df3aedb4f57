// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.run;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.capture.CaptureFailed;
import io.tidemark.relay.capture.engine.CaptureEngine;
import io.tidemark.relay.health.RelayState;
import io.tidemark.relay.loop.LoopListener;
import io.tidemark.relay.publication.PublicationWatch;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.publish.PublishedTopics;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Checks the session, the publication and a quiet slot of one run, and keeps the state up to date. On the publishing
 * thread.
 */
final class RunWatch implements LoopListener {

    private static final long SESSION_CHECK_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final int SESSION_CHECK_SECONDS = 10;
    /**
     * A halted relay counts as running again only after it has passed what halted it, not when it has opened its
     * stream.
     */
    private static final long PROVEN_NANOS = TimeUnit.SECONDS.toNanos(3);

    /** A quiet source is nudged when its WAL is this far past what is published, so that the slot advances too. */
    private static final long NUDGE_AFTER_BYTES = 16 * 1024 * 1024;

    private static final long NUDGE_CHECK_NANOS = TimeUnit.SECONDS.toNanos(30);
    /** Also the time after which an idle relay notices that Kafka is unreachable. */
    private static final long TOPIC_CHECK_NANOS = TimeUnit.SECONDS.toNanos(10);

    /**
     * A stream that has not passed its resume point may have no changes above it. A nudge then leads to the decision.
     */
    private static final long ANCHOR_NUDGE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final ProcessScope relay;
    private final Connection control;
    private final CaptureEngine engine;
    private final PublishedTopics topics;
    private final PublicationWatch publication;
    private final BooleanSupplier isStopping;
    private final long startedNanos = System.nanoTime();
    private boolean anchored;
    private boolean anchorNudged;
    private long lastSessionCheck = System.nanoTime();
    private long lastTopicCheck = System.nanoTime();
    private long lastNudgeCheck = System.nanoTime();
    private Lsn publishedAtLastCheck = Lsn.ZERO;
    private long ignoredChanges;

    /** @param control the session that holds the lock */
    RunWatch(
            ProcessScope relay,
            Connection control,
            CaptureEngine engine,
            PublishedTopics topics,
            PublicationWatch publication,
            BooleanSupplier isStopping) {
        this.relay = relay;
        this.control = control;
        this.engine = engine;
        this.topics = topics;
        this.publication = publication;
        this.isStopping = isStopping;
    }

    @Override
    public void anchored() {
        anchored = true;
    }

    @Override
    public boolean turned() throws PublishFailure, CaptureFailed, SQLException, InterruptedException {
        if (isStopping.getAsBoolean()) {
            return false;
        }
        relay.state().turned();
        long now = System.nanoTime();
        String doubt = publication.check().orElse(null);
        if (anchored && (!relay.state().isHalted() || now - startedNanos > PROVEN_NANOS)) {
            relay.state().enter(RelayState.Phase.RUNNING, doubt);
        }
        relay.state().progressed(relay.index().published(), engine.confirmed());
        countIgnored();
        if (now - lastSessionCheck > SESSION_CHECK_NANOS) {
            lastSessionCheck = now;
            if (!control.isValid(SESSION_CHECK_SECONDS)) {
                throw new CaptureFailed("the database session that holds the lock has ended");
            }
        }
        if (now - lastTopicCheck > TOPIC_CHECK_NANOS) {
            lastTopicCheck = now;
            topics.check();
        }
        if (!anchored && !anchorNudged && now - startedNanos > ANCHOR_NUDGE_NANOS) {
            anchorNudged = true;
            relay.database().nudge(control);
        }
        if (now - lastNudgeCheck > NUDGE_CHECK_NANOS) {
            lastNudgeCheck = now;
            nudgeWhenQuiet();
        }
        engine.checkAlive();
        return true;
    }

    private void countIgnored() {
        long ignored = engine.ignoredChanges();
        relay.state().ignored(ignored - ignoredChanges);
        ignoredChanges = ignored;
    }

    private void nudgeWhenQuiet() throws SQLException {
        Lsn published = relay.index().published();
        boolean quiet = published.equals(publishedAtLastCheck);
        publishedAtLastCheck = published;
        if (quiet && relay.database().walHead(control).value() - published.value() > NUDGE_AFTER_BYTES) {
            relay.database().nudge(control);
        }
    }

    @Override
    public void published(int events, int deadLetters, long oldestCommitMillis) {
        relay.state().turned(); // each part of a large transaction is progress, although the turn has not ended
        relay.state().addDeadLetters(deadLetters);
        relay.state().progressed(relay.index().published(), engine.confirmed());
        relay.counters().published(events, deadLetters, oldestCommitMillis);
        relay.watermarks().advanced();
    }
}
