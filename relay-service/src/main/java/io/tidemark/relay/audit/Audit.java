// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.audit;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.account.AuditRecord;
import io.tidemark.relay.account.DayDigest;
import io.tidemark.relay.account.SettledDays;
import io.tidemark.relay.cleanup.PublishedBarrier;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.position.Adoptions;
import io.tidemark.relay.position.KafkaTail;
import io.tidemark.relay.position.SourcePosition;
import io.tidemark.relay.publish.PlainPublisher;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.publish.Topics;
import io.tidemark.relay.route.OutgoingEvent;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.SourceNotReady;
import io.tidemark.relay.source.check.SourceCheck;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.KafkaException;

/** One audit: fixes a snapshot of the rows, waits until all of it is published, and compares. Used once. */
public final class Audit {

    /** Maximum wait for a relay that is absent or far behind. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    /** Other processes write the two keys, so a position and its record may not match while they are read. */
    private static final int LOOKS = 20;

    /** Nothing is counted for a table of somebody else's, so that no cause can be excluded. */
    private static final String NOT_IN_KAFKA = "not in Kafka: retention may have deleted its record since, it may be"
            + " older than the slot, or left out by tidemark adopt, or it did not come through the replication stream";

    private final RelayConfiguration config;
    private final LocalDate since;
    private final SourceDatabase database;
    private final int rowsPerPass;

    /** @param since the first day that is compared */
    public Audit(RelayConfiguration config, LocalDate since) {
        this(config, since, rowsThatFit());
    }

    /** @param rowsPerPass maximum number of rows for one pass; more are compared in several passes */
    Audit(RelayConfiguration config, LocalDate since, int rowsPerPass) {
        this.config = config;
        this.since = since;
        this.database = new SourceDatabase(config.postgres());
        this.rowsPerPass = rowsPerPass;
    }

    /** Rows that fit into a quarter of the heap. */
    private static int rowsThatFit() {
        long rows = Runtime.getRuntime().maxMemory() / 4 / RowSet.BYTES_PER_ROW;
        return (int) Math.max(10_000, Math.min(rows, 100_000_000));
    }

    /**
     * Compares every row from that day on, and settles the days of {@code outbox.event} whose rows are all accounted
     * for.
     *
     * @param given days that a person gave up: they count as accounted for, whatever is missing
     */
    public AuditReport run(Set<LocalDate> given)
            throws AuditProblem, SourceNotReady, SQLException, PublishFailure, InterruptedException {
        try (Connection connection = database.connect("audit");
                Topics topics = new Topics(config.kafka());
                KafkaTail tail = new KafkaTail(config.kafka())) {
            SourceIdentity identity = SourceCheck.ready(database, config.outbox(), connection);
            if (topics.idsOf(Set.of(OwnTopics.POSITIONS)).isEmpty()) {
                throw new AuditProblem("Kafka has no " + OwnTopics.POSITIONS + ": nothing was published yet, so there"
                        + " is nothing to compare with; start the relay: tidemark run CONFIG");
            }
            Counted before = counted(tail, identity);
            AuditedRows rows = AuditedRows.open(connection, config.outbox(), since);
            passBarrier(tail, identity);
            Counted counted = counted(tail, identity);
            Comparison comparison = new Comparison(rows, counted, rows.isOwn() ? causes(counted) : row -> NOT_IN_KAFKA);
            PublishedRecords records = new PublishedRecords(
                    config.kafka(), identity.sourceId(), topics(rows, topics, tail, identity), rows.firstDay());
            Comparison.Result result = comparison.with(records, rowsPerPass);
            List<LocalDate> settled = rows.isOwn() ? settle(identity, before, counted, result, given) : List.of();
            return new AuditReport(
                    result.rowsOfDays(), result.expired(), result.findings(), result.total(), settled, rows.isOwn());
        } catch (KafkaException e) {
            throw PublishFailure.of(e);
        }
    }

    /** Rows that are not published yet are not missing, so this waits for them. */
    private void passBarrier(KafkaTail tail, SourceIdentity identity)
            throws AuditProblem, SourceNotReady, SQLException, InterruptedException {
        try (Connection other = database.connect("audit")) {
            SourceIdentity found = database.identity(other);
            if (!found.equals(identity)) {
                throw new SourceNotReady("postgres.url leads to " + found + " now, and the rows were read from "
                        + identity + "; nothing was compared; run it again");
            }
            PublishedBarrier barrier =
                    new PublishedBarrier(() -> database.nudge(other), () -> publishedOf(tail, identity), PATIENCE);
            if (!barrier.pass()) {
                throw new AuditProblem("the relay has not published all that is committed (it is up to "
                        + publishedOf(tail, identity)
                        + "), so that rows on their way would count as missing. Nothing was compared. Start the relay;"
                        + " if it has halted, do first what its reason says, usually tidemark adopt CONFIG; if it is"
                        + " behind, wait: tidemark status CONFIG");
            }
        }
    }

    private static Lsn publishedOf(KafkaTail tail, SourceIdentity identity) {
        return tail.lastPosition(identity.sourceId())
                .filter(position -> position.source().equals(identity))
                .map(position -> position.resumePoint().complete())
                .orElse(Lsn.ZERO);
    }

    /** The records beside the events in Kafka, as of one moment. */
    private record Counted(SourcePosition position, Optional<AuditRecord> record, SettledDays settled)
            implements Comparison.Accounted {

        DayDigest byRelay(LocalDate day) {
            return record.map(counts -> counts.of(day)).orElse(DayDigest.NONE);
        }

        @Override
        public DayDigest of(LocalDate day) {
            return byRelay(day).plus(settled.of(day));
        }

        @Override
        public boolean isReleased(LocalDate day) {
            return settled.isReleased(day);
        }
    }

    private static Counted counted(KafkaTail tail, SourceIdentity identity) throws AuditProblem {
        String id = identity.sourceId();
        SourcePosition position = position(tail, id);
        try {
            for (int look = 0; ; look++) {
                Counted counted = new Counted(position, tail.lastAudit(position), tail.lastSettled(id));
                SourcePosition now = position(tail, id);
                if (now.equals(position) || look == LOOKS) { // a mix of moments matches nothing: harmless
                    return counted;
                }
                position = now;
            }
        } catch (IllegalArgumentException e) {
            throw new AuditProblem("what the relay has counted cannot be read (" + e.getMessage()
                    + "), so no day can be settled; a newer version may have written it: use that version's tidemark");
        }
    }

    private static SourcePosition position(KafkaTail tail, String sourceId) throws AuditProblem {
        return tail.lastPosition(sourceId)
                .orElseThrow(() -> new AuditProblem("no position of source " + sourceId + " in "
                        + OwnTopics.POSITIONS
                        + ": nothing was published yet, so there is nothing to compare with; start"
                        + " the relay: tidemark run CONFIG"));
    }

    /** The topics that an event of the source may be in. */
    private Set<String> topics(AuditedRows rows, Topics topics, KafkaTail tail, SourceIdentity identity)
            throws SQLException, PublishFailure, InterruptedException {
        Set<String> all =
                new HashSet<>(tail.lastTopicIds(identity.sourceId()).ids().keySet());
        for (String type : rows.aggregateTypes()) {
            config.routes().stream()
                    .filter(route -> route.matches(type))
                    .findFirst()
                    .map(route -> route.topicFor(type))
                    .ifPresent(all::add);
        }
        all.add(OwnTopics.DEAD_LETTERS);
        return topics.idsOf(all).keySet();
    }

    private static Comparison.Causes causes(Counted counted) {
        String since = counted.record().map(record -> record.since().toString()).orElse("which there is none of");
        List<Adoptions.LeftOut> leftOut = counted.position().adoptions().leftOut();
        return row -> {
            OffsetDateTime createdAt = row.createdAt();
            boolean isOlder = createdAt == null
                    || counted.record()
                            .map(record -> createdAt.toInstant().isBefore(record.since()))
                            .orElse(true);
            if (!leftOut.isEmpty()) {
                return "perhaps left out by tidemark adopt, which skipped the LSNs " + leftOut;
            }
            return isOlder
                    ? "created before the relay's count began, " + since + ": it may be older than the slot"
                    : "unknown: it did not come through the replication stream; the publication or the table may have"
                            + " been another for a time";
        };
    }

    /**
     * Settles only days for which nothing was published meanwhile: otherwise the rows and the count are of different
     * moments. A settled difference stays right whatever is published later, because later rows are counted on both
     * sides.
     */
    private List<LocalDate> settle(
            SourceIdentity identity, Counted before, Counted counted, Comparison.Result result, Set<LocalDate> given)
            throws PublishFailure {
        SettledDays settled = counted.settled();
        List<LocalDate> days = new ArrayList<>();
        for (Map.Entry<LocalDate, DayDigest> each : result.digests().entrySet()) {
            LocalDate day = each.getKey();
            DayDigest difference = each.getValue().minus(counted.byRelay(day));
            boolean isStill = before.byRelay(day).equals(counted.byRelay(day));
            boolean isSettled = isStill && (result.isClean(day) || given.contains(day));
            if (isSettled && !difference.equals(settled.of(day))) {
                settled = settled.with(day, difference);
                days.add(day);
            }
        }
        for (LocalDate day : days) {
            settled = given.contains(day) ? settled.released(day) : settled;
        }
        if (!settled.equals(counted.settled())) {
            write(identity, settled);
        }
        return days;
    }

    private void write(SourceIdentity identity, SettledDays settled) throws PublishFailure {
        OutgoingEvent record = new OutgoingEvent(
                OwnTopics.POSITIONS,
                SettledDays.key(identity.sourceId()).getBytes(StandardCharsets.UTF_8),
                settled.toJson(),
                List.of(),
                System.currentTimeMillis());
        String clientId = "tidemark-audit-" + identity.sourceId();
        try (PlainPublisher publisher = new PlainPublisher(config.kafka(), clientId)) {
            Written written = new Written();
            publisher.send(record, written);
            publisher.flush();
            if (!written.why.isEmpty()) {
                throw PublishFailure.halt("what was settled was not written: the record " + written.why, null);
            }
        }
    }

    private static final class Written implements PlainPublisher.Delivery {

        private volatile String why = "";

        @Override
        public void acknowledged() {}

        @Override
        public void refused(String reason) {
            why = reason;
        }
    }
}
