// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.explain;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.config.ConfigurationProblem;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.RouteConfig;
import io.tidemark.relay.deadletter.DeadLetter;
import io.tidemark.relay.deadletter.DeadLetterTopic;
import io.tidemark.relay.explain.EventTrace.Stage;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.source.Nudges;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceNotReady;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.kafka.common.KafkaException;

/**
 * Finds where an event is. Each question opens its own connections to Postgres and Kafka. Two questions are processed
 * at a time.
 */
public final class EventTracer implements AutoCloseable {

    private static final int THREADS = 2;
    private static final int MOST_WAITING = 16;
    private static final long IDLE_SECONDS = 30;
    /** Maximum time to wait for a working relay to publish what was committed last. */
    private static final long PUBLISH_MILLIS = 1_000;

    private static final long POLL_MILLIS = 20;
    /** For a question over HTTP. The command line has no such limit. */
    private static final Duration DEAD_LETTERS_LIMIT = Duration.ofSeconds(8);

    private static final String UNREAD_DEAD_LETTERS = "topic " + OwnTopics.DEAD_LETTERS
            + " could not be read to its end in time, so it may be among the dead letters: look with tidemark dead-letters"
            + " list";
    private static final String KAFKAS_OWN = "__";

    /** The maximum number of questions is reached. */
    public static final class Busy extends RuntimeException {

        private static final long serialVersionUID = 1;

        Busy() {
            super("as many events are being looked for as may be at a time (" + (THREADS + MOST_WAITING) + ")");
        }
    }

    private final RelayConfiguration config;
    private final SourceDatabase database;
    private final Nudges nudges;
    private final Supplier<Optional<Lsn>> published;
    private final ThreadPoolExecutor threads;

    /** @param published the LSN up to which everything is in Kafka; empty while this replica cannot know */
    public EventTracer(
            RelayConfiguration config, SourceDatabase database, Nudges nudges, Supplier<Optional<Lsn>> published) {
        this.config = config;
        this.database = database;
        this.nudges = nudges;
        this.published = published;
        this.threads = new ThreadPoolExecutor(
                THREADS, THREADS, IDLE_SECONDS, TimeUnit.SECONDS, new ArrayBlockingQueue<>(MOST_WAITING), task -> {
                    Thread thread = new Thread(task, "explain");
                    thread.setDaemon(true);
                    return thread;
                });
        threads.allowCoreThreadTimeOut(true);
    }

    /**
     * Looks for the event.
     *
     * @param otherwise where to look if it has no row; empty for nowhere
     * @return fails with {@link Busy}, or with an exception whose message is for people, if Postgres or Kafka does not
     *     answer
     */
    public CompletionStage<EventTrace> trace(UUID id, Optional<SearchFrom> otherwise) {
        CompletableFuture<EventTrace> answer = new CompletableFuture<>();
        Callable<EventTrace> search = () -> search(id, otherwise);
        try {
            threads.execute(() -> {
                try {
                    answer.complete(search.call());
                } catch (Exception e) { // reported to the caller
                    answer.completeExceptionally(e);
                }
            });
        } catch (RejectedExecutionException e) {
            answer.completeExceptionally(new Busy());
        }
        return answer;
    }

    /** Whether events may be in that topic. The relay must not read other topics on behalf of a caller. */
    public boolean mayLookInto(String topic) {
        if (topic.startsWith(OwnTopics.PREFIX) || topic.startsWith(KAFKAS_OWN)) { // a route may match any name
            return false;
        }
        return config.routes().stream().anyMatch(route -> route.typeOf(topic).isPresent())
                || config.projections().stream()
                        .anyMatch(projection -> projection.topics().contains(topic));
    }

    private EventTrace search(UUID id, Optional<SearchFrom> otherwise)
            throws SourceNotReady, SQLException, PublishFailure, InterruptedException {
        Optional<CommittedRow> row = row(id);
        if (row.isPresent()) {
            awaitPublished(row.get().writtenUpTo());
        }
        Optional<Lsn> before = published.get(); // before the search, which finds everything it covers
        Search search = row.isPresent() ? inTopic(id, row.get()) : inTopic(id, otherwise);
        if (search instanceof Search.There there) {
            return new EventTrace(id, row, Optional.of(there.record()), Optional.empty(), Stage.PUBLISHED, "");
        }
        List<DeadLetter> letters = List.of();
        try {
            Optional<List<DeadLetter>> found =
                    new DeadLetterTopic(config.kafka()).find(id.toString(), DEAD_LETTERS_LIMIT);
            if (found.isEmpty()) {
                return nothing(id, row, Stage.UNKNOWN, UNREAD_DEAD_LETTERS);
            }
            letters = found.get();
        } catch (PublishFailure e) {
            if (e.kind() != PublishFailure.Kind.NO_RIGHT) {
                throw e;
            }
            if (config.routes().stream().anyMatch(RouteConfig::hasDeadLetters)) { // otherwise the right is not needed
                return nothing(id, row, Stage.UNKNOWN, RecordSearch.mayNotRead(OwnTopics.DEAD_LETTERS));
            }
        }
        if (!letters.isEmpty()) {
            DeadLetter letter = letters.get(letters.size() - 1);
            return new EventTrace(id, row, Optional.empty(), Optional.of(letter), Stage.DEAD_LETTER, "");
        }
        return row.map(found -> EventTrace.notFound(id, found, search, before))
                .orElseGet(() -> search instanceof Search.Incomplete incomplete
                        ? nothing(id, row, Stage.UNKNOWN, incomplete.reason())
                        : nothing(id, row, Stage.NOWHERE, ""));
    }

    private static EventTrace nothing(UUID id, Optional<CommittedRow> row, Stage stage, String reason) {
        return new EventTrace(id, row, Optional.empty(), Optional.empty(), stage, reason);
    }

    /** An event without a topic can only be a dead letter. */
    private Search inTopic(UUID id, CommittedRow row) throws PublishFailure {
        Optional<String> topic = topicOf(row.aggregateType());
        if (topic.isEmpty()) {
            return new Search.NotThere();
        }
        return inTopic(id, Optional.of(new SearchFrom(topic.get(), row.createdAt())));
    }

    private Search inTopic(UUID id, Optional<SearchFrom> place) throws PublishFailure {
        if (place.isEmpty()) {
            return new Search.NotThere();
        }
        try {
            return new RecordSearch(config.kafka())
                    .find(place.get().topic(), id, place.get().since());
        } catch (KafkaException | ConfigurationProblem e) {
            throw PublishFailure.of(e);
        }
    }

    /** On an idle database, nothing but a nudge moves the stream past the WAL behind the last event. */
    private void awaitPublished(Lsn lsn) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PUBLISH_MILLIS);
        if (published.get().filter(lsn::isAfter).isPresent()) {
            BooleanSupplier isAwaited = () -> System.nanoTime() < deadline
                    && published.get().filter(lsn::isAfter).isPresent();
            nudges.request(lsn, isAwaited, written -> {});
        }
        while (published.get().filter(lsn::isAfter).isPresent() && System.nanoTime() < deadline) {
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }

    /**
     * Looks only into Tidemark's own table: another table may have no index on its ids, and the relay may lack the
     * right to read it.
     */
    private Optional<CommittedRow> row(UUID id) throws SourceNotReady, SQLException {
        if (!config.outbox().isOwn()) {
            return Optional.empty();
        }
        try (Connection connection = database.connect("explain")) {
            return CommittedRow.find(connection, id);
        }
    }

    private Optional<String> topicOf(String aggregateType) {
        return config.routes().stream()
                .filter(route -> route.matches(aggregateType))
                .findFirst()
                .map((RouteConfig route) -> route.topicFor(aggregateType));
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
