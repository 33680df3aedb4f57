// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.index;

import io.tidemark.relay.config.ConfigurationProblem;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.declared.TopicsSeen;
import io.tidemark.relay.declared.WritableTopics;
import io.tidemark.relay.position.Adoptions;
import io.tidemark.relay.position.KafkaTail;
import io.tidemark.relay.position.SourcePosition;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.reason.Reason;
import io.tidemark.relay.source.AdvisoryLock;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.SourceNotReady;
import io.tidemark.relay.source.check.SourceCheck;
import io.tidemark.relay.timeline.TimelineHistory;
import io.tidemark.relay.timeline.TimelineReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Applies the entries of other replicas' runs to the index; a run of this replica applies its entries itself. Lives as
 * long as the process, across all runs. Runs on its own daemon thread.
 */
public final class IndexFollower implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(IndexFollower.class);

    private static final Duration POLL = Duration.ofMillis(100);
    /**
     * While this replica publishes, its run applies its entries itself. The follower would read back one entry for each
     * Kafka transaction, poll by poll: at 200 a second, a third of the relay's CPU time.
     */
    private static final long PUBLISHING_PAUSE_MILLIS = 250;

    private static final Duration UNPROVEN_POLL = Duration.ofMillis(20);
    /** An idle source has no entries, and so no proof; one nudge causes an entry. */
    private static final long NUDGE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private static final String OTHER_SOURCE =
            "the database behind postgres.url is another one, or on another timeline, now";

    private static final long TOPIC_CHECK_NANOS = TimeUnit.SECONDS.toNanos(10);
    /** Interval of checks while a declared topic does not exist. */
    private static final long ABSENT_CHECK_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final long RETRY_MILLIS = 200;
    private static final long CLOSE_MILLIS = 2_000;

    /** Called on the follower's thread. */
    public interface Listener {

        /** From now on the index is reliable for this database. */
        void sound(SourceIdentity identity, TimelineHistory history);

        /** From now on the index is not reliable. */
        void unsound(String reason);

        /** The index is not reliable, and will not be again in this process. */
        void died(String reason);

        /** More is published. */
        void advanced();

        /** The current state of Kafka's topics. */
        void looked(TopicsSeen topics);
    }

    private final RelayConfiguration config;
    private final SourceDatabase database;
    private final PublishedIndex index;
    private final String relayId;
    private final BooleanSupplier isPublishing;
    private final Listener listener;
    private final Set<String> topics;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final CountDownLatch rebuilt = new CountDownLatch(1);
    private final Thread thread = new Thread(this::work, "follower");
    private String told = "";
    private volatile @Nullable Long freshNanos;

    /**
     * @param relayId names this replica in the runs of its entries
     * @param isPublishing whether a run of this replica publishes at the moment
     */
    public IndexFollower(
            RelayConfiguration config,
            SourceDatabase database,
            PublishedIndex index,
            String relayId,
            BooleanSupplier isPublishing,
            Listener listener) {
        this.config = config;
        this.database = database;
        this.index = index;
        this.relayId = relayId;
        this.isPublishing = isPublishing;
        this.listener = listener;
        this.topics = WritableTopics.declaredIn(config);
        thread.setDaemon(true);
    }

    /** Seconds since it last knew everything that is published; empty before the first time. */
    public OptionalDouble viewAgeSeconds() {
        Long fresh = freshNanos;
        return fresh == null ? OptionalDouble.empty() : OptionalDouble.of((System.nanoTime() - fresh) / 1e9);
    }

    public void start() {
        thread.start();
    }

    /**
     * Waits until the index contains what earlier runs have left. Without this, a run knows less precisely what they
     * did.
     */
    public void awaitRebuilt(Duration timeout) throws InterruptedException {
        if (!rebuilt.await(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
            LOG.warn("event=index-not-rebuilt effect=\"tokens of before this start ask for more than they need\"");
        }
    }

    private void work() {
        try {
            do {
                try {
                    follow();
                } catch (SourceNotReady | SQLException | PublishFailure | KafkaException | ConfigurationProblem e) {
                    tellUnsound(Reason.of(e));
                } catch (RuntimeException e) {
                    LOG.error("event=follower-failed", e); // a bug: log the stack trace
                    tellUnsound("unexpected: " + e);
                }
            } while (!closing.await(RETRY_MILLIS, TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Throwable e) { // for example out of memory: nothing would check the proof any more
            listener.died("the follower has died: " + e + "; the process ends");
            LOG.error("event=follower-died", e);
        }
    }

    private void tellUnsound(String reason) {
        if (closing.getCount() > 0 && !reason.equals(told)) {
            LOG.warn("event=watermarks-unsound reason=\"{}\"", reason);
            told = reason;
        }
        listener.unsound(reason);
    }

    private void follow() throws SourceNotReady, SQLException, PublishFailure, InterruptedException {
        try (Connection session = database.connect("watermark")) {
            SourceIdentity identity = SourceCheck.ready(database, config.outbox(), session);
            if (index.belongTo(identity)) {
                listener.unsound(OTHER_SOURCE);
            }
            TimelineHistory history = new TimelineReader(database.serverOf(session)).read(identity);
            try (SessionWatch sessionWatch = new SessionWatch(session, urlWatch(session), listener::unsound);
                    IndexReader reader = new IndexReader(config.kafka(), identity.sourceId());
                    TopicWatch topicWatch = new TopicWatch(config.kafka(), identity.sourceId(), topics)) {
                sessionWatch.begin();
                FollowedSession followed =
                        new FollowedSession(session, identity, history, sessionWatch, reader, topicWatch);
                while (closing.getCount() > 0) {
                    followed.turn();
                    if (followed.isSound && !reader.hasMore() && isPublishing.getAsBoolean()) {
                        closing.await(PUBLISHING_PAUSE_MILLIS, TimeUnit.MILLISECONDS);
                    }
                }
            }
        }
    }

    private UrlWatch urlWatch(Connection session) throws SQLException {
        String sessionId = AdvisoryLock.sessionId(session);
        return new UrlWatch(
                () -> {
                    try (Connection fresh = database.connect("url check")) {
                        return AdvisoryLock.isSessionThere(fresh, sessionId);
                    }
                },
                System::nanoTime);
    }

    @Override
    public void close() {
        closing.countDown();
        thread.interrupt();
        try {
            thread.join(CLOSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** One session with the database, and everything that is followed while it lasts. */
    private final class FollowedSession {

        private final Connection session;
        private final SourceIdentity identity;
        private final TimelineHistory history;
        private final EntryFilter filter;
        private final PublisherProof proof;
        private final SessionWatch sessionWatch;
        private final IndexReader reader;
        private final TopicWatch topicWatch;
        private boolean isSound;
        /** A declared topic does not exist yet, and the other topics are in order. */
        private boolean isTopicAwaited;

        private long nudged = System.nanoTime();
        private long topicsChecked = System.nanoTime() - TOPIC_CHECK_NANOS;
        /** Of the index, at the last look at the topics. */
        private long lookedGeneration = index.generation();

        FollowedSession(
                Connection session,
                SourceIdentity identity,
                TimelineHistory history,
                SessionWatch sessionWatch,
                IndexReader reader,
                TopicWatch topicWatch) {
            this.session = session;
            this.identity = identity;
            this.history = history;
            this.filter = new EntryFilter(identity, history, relayId);
            this.proof = new PublisherProof(session, config.postgres().slot(), index);
            this.sessionWatch = sessionWatch;
            this.reader = reader;
            this.topicWatch = topicWatch;
        }

        void turn() throws SourceNotReady, SQLException, PublishFailure, InterruptedException {
            List<IndexEntry> entries = reader.poll(isSound ? POLL : UNPROVEN_POLL);
            entries.stream().filter(filter::admits).forEach(index::apply);
            sessionWatch.check();
            if (!index.isAbout(identity)) { // the run's session leads to another server
                throw new SourceNotReady(OTHER_SOURCE);
            }
            if (!reader.isCaughtUp()) {
                return;
            }
            boolean isOther = index.generation() != lookedGeneration; // adopted: a topic may have been made again
            if (fillGap(identity.sourceId()) || isOther) {
                topicWatch.missedEntries();
            }
            rebuilt.countDown();
            filter.checkTimeline();
            if (isOther
                    || System.nanoTime() - topicsChecked > (isTopicAwaited ? ABSENT_CHECK_NANOS : TOPIC_CHECK_NANOS)) {
                topicsChecked = System.nanoTime();
                lookedGeneration = index.generation();
                TopicsSeen seen = topicWatch.look();
                isTopicAwaited = seen.wrong().isEmpty() && !seen.absent().isEmpty();
                listener.looked(seen);
            }
            if (!isSound) {
                seekProof();
            }
            if (reader.hasHeard() && isSound) {
                freshNanos = System.nanoTime();
            }
            if (!entries.isEmpty()) {
                listener.advanced();
            }
        }

        private void seekProof() throws SQLException {
            if (proof.isGiven()) {
                isSound = true;
                told = "";
                LOG.info("event=watermarks-sound published={}", index.published());
                sessionWatch.start();
                listener.sound(identity, history);
                return;
            }
            tellUnsound(proof.missing());
            if (System.nanoTime() - nudged > NUDGE_NANOS) { // the nudge's entry shows which run is active
                nudged = System.nanoTime();
                database.nudge(session);
            }
        }
    }

    /**
     * An entry is missing, so the current ends of the partitions cover what it would have reported.
     *
     * @return whether an entry was missing
     */
    private boolean fillGap(String sourceId) throws SourceNotReady, InterruptedException {
        long gap = index.openGap();
        if (gap == 0) {
            return false;
        }
        try (KafkaTail tail = new KafkaTail(config.kafka())) {
            index.fillGap(
                    gap,
                    tail.recordEnds(tail.partitionsOf(topics), sourceId),
                    tail.lastPosition(sourceId).map(SourcePosition::adoptions).orElse(Adoptions.NONE));
            return true;
        } catch (IllegalArgumentException e) { // damaged: what was left out is unknown, and the active replica halts
            throw new SourceNotReady(String.valueOf(e.getMessage()), e);
        }
    }
}
