// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import io.tidemark.consumers.WatermarkAnswer.Behind;
import io.tidemark.consumers.internal.database.BorrowedConnection;
import io.tidemark.consumers.internal.progress.Generations;
import io.tidemark.consumers.internal.progress.ProgressTable.Partition;
import io.tidemark.consumers.internal.relay.Deadline;
import io.tidemark.consumers.internal.relay.TokenOffsets;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.WatermarkStatus;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;

/**
 * Checks a token and runs a query in the same snapshot of the projection's database. Needs a projection that {@link
 * ProjectionRunner} maintains, in that database or a physical replica of it. The generation that is read counts. Asks a
 * relay about each token once, and keeps the answer for five minutes (10,000 tokens). During that time it needs no
 * relay. Blocks its caller; safe on any thread.
 */
public final class ReadGate {

    private static final int MAX_TOKENS = 10_000;
    private static final long FIRST_PAUSE_MILLIS = 2;
    private static final long LONGEST_PAUSE_MILLIS = 50;
    private static final Duration LEAST_HALF = Duration.ofMillis(100);
    private static final Duration PUBLICATION_WAIT = Duration.ofSeconds(1);

    private final String projection;
    private final DataSource database;
    private final WatermarkClient relays;
    private final TokenOffsets tokenOffsets;
    private final Generations generations;

    /** A query, in the snapshot that was checked. */
    @FunctionalInterface
    public interface Query<T> {

        /** @param connection in a read-only transaction at REPEATABLE READ, which the gate ends afterwards */
        T run(Connection connection) throws SQLException;
    }

    /**
     * @param projection its name, the same for the relay and the runner
     * @param database the projection's database; a connection is taken for each check, so use a pool
     * @param relays a client of relays that have the projection
     */
    public ReadGate(String projection, DataSource database, WatermarkClient relays) {
        this.projection = projection;
        this.database = database;
        this.relays = relays;
        this.tokenOffsets = new TokenOffsets(projection, relays.api(), MAX_TOKENS, System::nanoTime);
        this.generations = new Generations(projection);
    }

    /**
     * Runs the query as soon as a snapshot has everything up to the token.
     *
     * @param timeout zero checks once; requests to relays may take at most 2.5 s longer
     * @throws SQLException from the query or the check, which is not repeated
     * @throws RelayRequestException when all relays refuse the same way, for example because none has the projection
     */
    public <T> GatedRead<T> read(Token token, Duration timeout, Query<T> query)
            throws SQLException, InterruptedException {
        return read(token, Deadline.after(timeout), OptionalLong.empty(), query);
    }

    /**
     * The same for a reader that may have no token. A question without a token asks a relay each time. A bound on
     * staleness holds for the moment at which the query begins.
     *
     * @throws IllegalArgumentException when the bound on staleness is less than 200 ms
     * @throws SQLException from the query or the check, which is not repeated
     * @throws RelayRequestException when all relays refuse the same way
     */
    public <T> GatedRead<T> read(Freshness wanted, Duration timeout, Query<T> query)
            throws SQLException, InterruptedException {
        Deadline deadline = Deadline.after(timeout);
        if (wanted instanceof Freshness.OfToken ofToken) {
            return read(ofToken.token(), deadline, OptionalLong.empty(), query);
        }
        if (wanted instanceof Freshness.Within within) {
            return readWithin(within.maxStaleness(), deadline, query);
        }
        WatermarkAnswer moment = momentOf(wanted, deadline);
        return moment.token().isPresent()
                ? read(moment.token().get(), deadline, OptionalLong.empty(), query)
                : notFresh(moment);
    }

    /** The answer of a relay, now, whether or not the group has caught up: its token stands for the moment. */
    private WatermarkAnswer momentOf(Freshness wanted, Deadline deadline) throws InterruptedException {
        while (true) {
            WatermarkAnswer answer = relays.api().watermark(projection, wanted, Deadline.after(Duration.ZERO));
            if (answer.status() != WatermarkStatus.UNREACHABLE
                    || deadline.left().toMillis() <= LONGEST_PAUSE_MILLIS) {
                return answer;
            }
            TimeUnit.MILLISECONDS.sleep(LONGEST_PAUSE_MILLIS);
        }
    }

    private static <T> GatedRead<T> notFresh(WatermarkAnswer moment) {
        return new GatedRead.NotFresh<>(moment.status(), moment.reason(), List.of(), moment.token());
    }

    /**
     * The relay names a moment that is at most half of the bound ago. The snapshot must be taken within the other half,
     * or a later moment counts.
     */
    private <T> GatedRead<T> readWithin(Duration maxStaleness, Deadline deadline, Query<T> query)
            throws SQLException, InterruptedException {
        Duration half = maxStaleness.dividedBy(2);
        if (half.compareTo(LEAST_HALF) < 0) {
            throw new IllegalArgumentException(
                    "maxStaleness is " + maxStaleness + "; a gate needs 200 ms or more, to ask a relay and to read");
        }
        while (true) {
            Deadline latest = Deadline.after(half);
            WatermarkAnswer answer = momentOf(Freshness.within(half), deadline);
            if (answer.token().isEmpty()) {
                return notFresh(answer);
            }
            Deadline both = latest.nanos() - deadline.nanos() < 0 ? latest : deadline;
            GatedRead<T> read = read(answer.token().get(), both, OptionalLong.of(latest.nanos()), query);
            boolean mayChange = read instanceof GatedRead.NotFresh<T> not && not.status() == WatermarkStatus.TIMEOUT;
            if (!mayChange || deadline.left().isZero()) {
                return read;
            }
        }
    }

    /** @param latestNanos when the snapshot must have been taken; empty if at any time */
    private <T> GatedRead<T> read(Token token, Deadline deadline, OptionalLong latestNanos, Query<T> query)
            throws SQLException, InterruptedException {
        TokenOffsets.Result known = tokenOffsets.of(token, deadline);
        if (known instanceof TokenOffsets.Result.NotPublished) {
            known = afterPublication(token, deadline);
        }
        if (known instanceof TokenOffsets.Result.Known offsets) {
            return readAt(token, offsets.offsets(), deadline, latestNanos, query);
        }
        if (known instanceof TokenOffsets.Result.Unanswerable unanswerable) {
            return new GatedRead.NotFresh<>(
                    unanswerable.status(), unanswerable.reason(), List.of(), unanswerable.token());
        }
        return new GatedRead.NotFresh<>(
                WatermarkStatus.TIMEOUT, "the token is not published yet", List.of(), Optional.of(token));
    }

    /**
     * The wait for the watermark makes an idle source publish up to the token. The wait is short, because it also waits
     * for the group, but only the snapshot counts.
     */
    private TokenOffsets.Result afterPublication(Token token, Deadline deadline) throws InterruptedException {
        while (true) {
            Duration left = deadline.left();
            Deadline wait = left.compareTo(PUBLICATION_WAIT) < 0 ? deadline : Deadline.after(PUBLICATION_WAIT);
            WatermarkAnswer answer = relays.api().watermark(projection, Freshness.of(token), wait);
            TokenOffsets.Result known = answer.phase().equals("source")
                    ? new TokenOffsets.Result.NotPublished()
                    : tokenOffsets.of(token, deadline);
            if (!(known instanceof TokenOffsets.Result.NotPublished)
                    || deadline.left().toMillis() <= LONGEST_PAUSE_MILLIS) {
                return known;
            }
            TimeUnit.MILLISECONDS.sleep(LONGEST_PAUSE_MILLIS);
        }
    }

    private <T> GatedRead<T> readAt(
            Token token,
            Map<Partition, TokenOffsets.Need> needed,
            Deadline deadline,
            OptionalLong latestNanos,
            Query<T> query)
            throws SQLException, InterruptedException {
        long pauseMillis = FIRST_PAUSE_MILLIS;
        while (true) {
            GatedRead<T> read = look(token, needed, latestNanos, query);
            if (read instanceof GatedRead.Fresh || deadline.left().toMillis() <= pauseMillis) {
                return read;
            }
            TimeUnit.MILLISECONDS.sleep(pauseMillis);
            pauseMillis = Math.min(pauseMillis * 2, LONGEST_PAUSE_MILLIS);
        }
    }

    /** The snapshot is taken by the first statement, and the query sees the same. */
    private <T> GatedRead<T> look(
            Token token, Map<Partition, TokenOffsets.Need> needed, OptionalLong latestNanos, Query<T> query)
            throws SQLException {
        try (BorrowedConnection borrowed = BorrowedConnection.inTransaction(database)) {
            Connection connection = borrowed.connection();
            List<Behind> behind = behind(needed, generations.progressInNewSnapshot(connection));
            if (latestNanos.isPresent() && System.nanoTime() - latestNanos.getAsLong() > 0) {
                return new GatedRead.NotFresh<>(
                        WatermarkStatus.TIMEOUT,
                        "the snapshot was taken too late to be within maxStaleness",
                        behind,
                        Optional.of(token));
            }
            return behind.isEmpty()
                    ? new GatedRead.Fresh<>(query.run(connection))
                    : new GatedRead.NotFresh<>(
                            WatermarkStatus.TIMEOUT, "the projection is behind", behind, Optional.of(token));
        }
    }

    /** Progress in a topic that has been made again since says nothing about the new one. */
    static List<Behind> behind(
            Map<Partition, TokenOffsets.Need> needed, Map<Partition, Generations.Progress> progress) {
        List<Behind> behind = new ArrayList<>();
        needed.forEach((partition, need) -> {
            long have =
                    progress.getOrDefault(partition, Generations.Progress.NONE).nextOffsetIn(need.topicId());
            if (have < need.offset()) {
                behind.add(new Behind(partition.topic(), partition.partition(), need.offset(), have));
            }
        });
        return behind;
    }
}
