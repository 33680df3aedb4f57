// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.replay;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.cleanup.PublishedBarrier;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.RouteConfig;
import io.tidemark.relay.deadletter.DeadLetterTopic;
import io.tidemark.relay.position.KafkaTail;
import io.tidemark.relay.position.SourcePosition;
import io.tidemark.relay.publish.PlainPublisher;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.publish.Topics;
import io.tidemark.relay.route.OutgoingEvent;
import io.tidemark.relay.route.PoisonEvent;
import io.tidemark.relay.route.Router;
import io.tidemark.relay.route.TopicName;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.SourceNotReady;
import io.tidemark.relay.source.check.SourceCheck;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/** One replay: opens everything, proves that the rows are published, and counts or sends them. Used once. */
public final class Replay {

    /** Maximum wait for a relay that is absent or far behind. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final RelayConfiguration config;
    private final SourceDatabase database;
    private final Selection selection;
    private final Optional<String> topic;
    private final Duration patience;

    private final ReplayCount tally = new ReplayCount();

    /**
     * Opens nothing yet.
     *
     * @param topic used instead of the routes' topics
     * @throws ReplayProblem when no event may go to that topic
     */
    public Replay(RelayConfiguration config, Selection selection, Optional<String> topic) throws ReplayProblem {
        this(config, selection, topic, PATIENCE);
    }

    Replay(RelayConfiguration config, Selection selection, Optional<String> topic, Duration patience)
            throws ReplayProblem {
        this.patience = patience;
        this.config = config;
        this.database = new SourceDatabase(config.postgres());
        this.selection = selection;
        this.topic = topic;
        String whyNot = topic.map(TopicName::whyNot).orElse(null);
        if (whyNot != null) {
            throw new ReplayProblem("--topic '" + topic.orElse("") + "', " + whyNot + "; give it another name");
        }
    }

    /** Whether consumers of the live events would also see the replayed ones. */
    public boolean isIntoLiveTopics() {
        return topic.isEmpty()
                || config.routes().stream().anyMatch(route -> canLeadTo(route, topic.get()))
                || config.projections().stream()
                        .anyMatch(projection -> projection.topics().contains(topic.get()));
    }

    private static boolean canLeadTo(RouteConfig route, String topic) {
        int placeholder = route.topic().indexOf(RouteConfig.PLACEHOLDER);
        if (placeholder < 0) {
            return route.topic().equals(topic);
        }
        if (!route.aggregateType().equals(RouteConfig.ANY)) {
            return route.topicFor(route.aggregateType()).equals(topic);
        }
        String suffix = route.topic().substring(route.topic().lastIndexOf('}') + 1);
        return topic.startsWith(route.topic().substring(0, placeholder)) && topic.endsWith(suffix);
    }

    /** What would be published. */
    public ReplaySummary count()
            throws ReplayProblem, SourceNotReady, SQLException, PublishFailure, InterruptedException {
        try (Connection connection = database.connect("replay")) {
            SourceIdentity identity = SourceCheck.ready(database, config.outbox(), connection);
            RetainedRows rows = published(connection, identity);
            for (RetainedRows.Count count : rows.count(deadLetters(identity))) {
                if (count.deadLetters() > 0) {
                    tally.refuse(
                            count.deadLetters(),
                            "of aggregate type '" + count.aggregateType() + "' " + count.deadLetters()
                                    + " are dead letters; see: tidemark dead-letters list CONFIG");
                }
                if (count.rows() == 0) {
                    continue;
                }
                Optional<RouteConfig> route = config.routes().stream()
                        .filter(candidate -> candidate.matches(count.aggregateType()))
                        .findFirst();
                if (route.isEmpty()) {
                    tally.refuse(count.rows(), "no route for aggregate type '" + count.aggregateType() + "'");
                    continue;
                }
                long tombstones = route.get().tombstones() ? 0 : count.withoutPayload();
                if (tombstones > 0) {
                    tally.refuse(
                            tombstones,
                            "the route for aggregate type '" + count.aggregateType() + "' allows no tombstones");
                }
                String target = topic.orElseGet(() -> route.get().topicFor(count.aggregateType()));
                if (count.rows() > tombstones) {
                    tally.publish(target, count.rows() - tombstones);
                }
            }
            return tally.summary();
        }
    }

    /**
     * Publishes the rows, one after the other.
     *
     * @param replayId contained in the header of each event
     * @throws PublishFailure also after some were published; the message contains their number, and where to continue
     */
    public ReplaySummary publish(String replayId, OptionalInt eventsPerSecond)
            throws ReplayProblem, SourceNotReady, SQLException, PublishFailure, InterruptedException {
        Pace pace = new Pace(eventsPerSecond, System::nanoTime, TimeUnit.NANOSECONDS::sleep);
        try (Connection connection = database.connect("replay")) {
            SourceIdentity identity = SourceCheck.ready(database, config.outbox(), connection);
            RetainedRows rows = published(connection, identity);
            Set<String> deadLetters = deadLetters(identity);
            Set<String> ensured = new HashSet<>();
            Router router = new Router(config.routes(), config.headers(), identity.sourceId());
            String clientId = "tidemark-replay-" + identity.sourceId();
            try (Topics made = new Topics(config.kafka());
                    PlainPublisher publisher = new PlainPublisher(config.kafka(), clientId)) {
                rows.forEach(row -> {
                    String name = "event " + row.id();
                    if (deadLetters.contains(row.id())) {
                        tally.refuse(1, name + " is a dead letter; publish it with: tidemark dead-letters retry");
                        return;
                    }
                    OutgoingEvent event;
                    try {
                        event = router.replay(row, replayId, topic);
                    } catch (PoisonEvent e) {
                        tally.refuse(1, name + " " + e.reason());
                        return;
                    }
                    if (ensured.add(event.topic())) {
                        made.ensureEvents(event.topic());
                    }
                    pace.awaitNext();
                    publisher.send(
                            event, tally.send(name, event.topic(), Instant.ofEpochMilli(event.timestampMillis())));
                });
                publisher.flush();
            } catch (PublishFailure e) { // the publisher is closed here: nothing is in flight
                throw e.adding(tally.brokenOff(replayId));
            } catch (KafkaException e) { // usually caused by kafka.properties
                throw PublishFailure.of(e).adding(tally.brokenOff(replayId));
            } catch (SQLException e) {
                throw new SQLException(e.getMessage() + "; " + tally.brokenOff(replayId), e.getSQLState(), e);
            }
            return tally.summary();
        }
    }

    /** The dead letters are left out: a retry would publish them a second time. */
    private Set<String> deadLetters(SourceIdentity identity) throws PublishFailure {
        try {
            return new DeadLetterTopic(config.kafka()).idsOf(identity.sourceId());
        } catch (PublishFailure e) {
            boolean mayHaveSome = config.routes().stream().anyMatch(RouteConfig::hasDeadLetters);
            if (mayHaveSome || e.kind() != PublishFailure.Kind.NO_RIGHT) {
                throw e;
            }
            return Set.of(); // without dead letters the right to read them is not needed
        }
    }

    /**
     * The rows of a snapshot, every one of which is published: the snapshot is fixed first, and the barrier follows.
     */
    private RetainedRows published(Connection connection, SourceIdentity identity)
            throws ReplayProblem, SourceNotReady, SQLException, PublishFailure, InterruptedException {
        RetainedRows rows = RetainedRows.open(connection, selection);
        try (Topics made = new Topics(config.kafka());
                KafkaTail tail = new KafkaTail(config.kafka());
                Connection other = connectTo(identity)) {
            if (made.idsOf(Set.of(OwnTopics.POSITIONS)).isEmpty()) {
                throw new ReplayProblem("Kafka has no " + OwnTopics.POSITIONS + ": nothing was published yet");
            }
            PublishedBarrier barrier =
                    new PublishedBarrier(() -> database.nudge(other), () -> publishedOf(tail, identity), patience);
            if (!barrier.pass()) {
                throw new ReplayProblem("the relay has not published all that is committed (it is up to "
                        + publishedOf(tail, identity)
                        + "), so that an event could be replayed before its first time; start the relay, or wait until"
                        + " it has caught up: tidemark status");
            }
            return rows;
        } catch (KafkaException e) {
            throw PublishFailure.of(e);
        }
    }

    /**
     * A nudge on another server, for example after a failover, does not follow what the snapshot's server has
     * committed.
     */
    private Connection connectTo(SourceIdentity identity) throws SourceNotReady, SQLException {
        Connection connection = database.connect("replay");
        try {
            SourceIdentity found = database.identity(connection);
            if (!found.equals(identity)) {
                throw new SourceNotReady("postgres.url leads to " + found + " now, and the rows were read from "
                        + identity + "; nothing was published; run it again");
            }
            return connection;
        } catch (SourceNotReady | SQLException e) {
            connection.close();
            throw e;
        }
    }

    /** Zero while Kafka's last position is about another history than this database's. */
    private static Lsn publishedOf(KafkaTail tail, SourceIdentity identity) {
        @Nullable SourcePosition last = tail.lastPosition(identity.sourceId()).orElse(null);
        return last == null || !last.source().equals(identity)
                ? Lsn.ZERO
                : last.resumePoint().complete();
    }
}
