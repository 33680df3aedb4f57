package io.tidemark.relay.replay;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.cleanup.PublishedBarrier;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.RouteConfig;
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
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/** One replay: opens everything, proves that the rows are published, and counts or sends them. Used once. */
public final class Replay {

    /** A relay that is not there, or is far behind, is not waited for any longer. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final int MOST_REASONS = 20;

    private final RelayConfiguration config;
    private final SourceDatabase database;
    private final Selection selection;
    private final Optional<String> topic;
    private final Duration patience;

    private final Map<String, Long> topics = new TreeMap<>();
    private final List<String> reasons = new ArrayList<>();
    private long refused;
    private long lastMillis = Long.MIN_VALUE;

    /**
     * What was replayed, or would be.
     *
     * @param topics how many events go to each
     * @param refused how many cannot be published as the routes are now
     * @param reasons of the first of these
     */
    public record Summary(Map<String, Long> topics, long refused, List<String> reasons) {

        public Summary {
            topics = new TreeMap<>(topics);
            reasons = List.copyOf(reasons);
        }

        public long events() {
            return topics.values().stream().mapToLong(Long::longValue).sum();
        }
    }

    /**
     * Nothing is opened yet.
     *
     * @param topic instead of the routes' topics
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

    /** Whether consumers of the live events would see the replayed ones too. */
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
    public Summary count() throws ReplayProblem, SourceNotReady, SQLException, PublishFailure, InterruptedException {
        try (Connection connection = database.connect("replay")) {
            for (RetainedRows.Count count : published(connection).count()) {
                Optional<RouteConfig> route = config.routes().stream()
                        .filter(candidate -> candidate.matches(count.aggregateType()))
                        .findFirst();
                if (route.isEmpty()) {
                    refuse(count.rows(), "there is no route for aggregate type '" + count.aggregateType() + "'");
                    continue;
                }
                long tombstones = route.get().tombstones() ? 0 : count.withoutPayload();
                if (tombstones > 0) {
                    refuse(
                            tombstones,
                            "the route for aggregate type '" + count.aggregateType() + "' allows no tombstones");
                }
                String target = topic.orElseGet(() -> route.get().topicFor(count.aggregateType()));
                if (count.rows() > tombstones) {
                    topics.merge(target, count.rows() - tombstones, Long::sum);
                }
            }
            return new Summary(topics, refused, reasons);
        }
    }

    /**
     * Publishes them, one after the other.
     *
     * @param replayId stands in the header of each
     * @throws PublishFailure also after some were published; the message says how many, and where to go on
     */
    public Summary publish(String replayId, OptionalInt eventsPerSecond)
            throws ReplayProblem, SourceNotReady, SQLException, PublishFailure, InterruptedException {
        Pace pace = new Pace(eventsPerSecond, System::nanoTime, TimeUnit.NANOSECONDS::sleep);
        try (Connection connection = database.connect("replay")) {
            RetainedRows rows = published(connection);
            String sourceId = database.identity(connection).sourceId();
            Router router = new Router(config.routes(), config.headers(), sourceId);
            try (Topics made = new Topics(config.kafka());
                    PlainPublisher publisher = new PlainPublisher(config.kafka(), "tidemark-replay-" + sourceId)) {
                try {
                    rows.forEach(row -> {
                        OutgoingEvent event;
                        try {
                            event = router.replay(row, replayId, topic);
                        } catch (PoisonEvent e) {
                            refuse(1, "event " + row.id() + " " + e.reason());
                            return;
                        }
                        made.ensureEvents(event.topic());
                        pace.awaitNext();
                        publisher.send(event);
                        topics.merge(event.topic(), 1L, Long::sum);
                        lastMillis = event.timestampMillis();
                    });
                    publisher.flush();
                } catch (PublishFailure e) {
                    throw e.adding(soFar(publisher));
                } catch (SQLException e) {
                    throw new SQLException(e.getMessage() + "; " + soFar(publisher), e.getSQLState(), e);
                }
            } catch (KafkaException e) { // from kafka.properties, mostly
                throw PublishFailure.of(e);
            }
            return new Summary(topics, refused, reasons);
        }
    }

    private String soFar(PlainPublisher publisher) {
        return publisher.acknowledged() + " events were published before that"
                + (lastMillis == Long.MIN_VALUE ? "" : ", none created after " + Instant.ofEpochMilli(lastMillis));
    }

    private void refuse(long events, String reason) {
        refused += events;
        if (reasons.size() < MOST_REASONS) {
            reasons.add(reason);
        }
    }

    /** The rows of a snapshot of which every one is published: it is fixed first, and the barrier comes after it. */
    private RetainedRows published(Connection connection)
            throws ReplayProblem, SourceNotReady, SQLException, PublishFailure, InterruptedException {
        SourceIdentity identity = database.checkReady(connection, config.outbox());
        RetainedRows rows = RetainedRows.open(connection, selection);
        try (Topics made = new Topics(config.kafka());
                KafkaTail tail = new KafkaTail(config.kafka());
                Connection other = database.connect("replay")) {
            if (made.idsOf(Set.of(SourcePosition.TOPIC)).isEmpty()) {
                throw new ReplayProblem("Kafka has no " + SourcePosition.TOPIC + ": nothing was published yet");
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

    /** Zero while Kafka's last position is about another history than this database's. */
    private static Lsn publishedOf(KafkaTail tail, SourceIdentity identity) {
        @Nullable SourcePosition last = tail.lastPosition(identity.sourceId()).orElse(null);
        return last == null || !last.source().equals(identity)
                ? Lsn.ZERO
                : last.resumePoint().complete();
    }
}
