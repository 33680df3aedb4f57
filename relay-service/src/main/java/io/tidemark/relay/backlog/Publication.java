// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.backlog;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.RouteConfig;
import io.tidemark.relay.position.BacklogProgress;
import io.tidemark.relay.position.KafkaTail;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.publish.PublishedTopics;
import io.tidemark.relay.publish.Topics;
import io.tidemark.relay.publish.TransactionalPublisher;
import io.tidemark.relay.route.Router;
import io.tidemark.relay.source.AdvisoryLock;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.SourceNotReady;
import io.tidemark.relay.source.slot.ExistingRows;
import io.tidemark.relay.source.slot.ExistingRows.Decision;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.apache.kafka.common.KafkaException;

/**
 * Publishes the rows that are older than the slot, or continues an interrupted publication. Each row is in Kafka
 * exactly once, however often this was killed and run again. Used once, on the caller's thread.
 */
public final class Publication {

    private static final int LOCK_SECONDS = 10;
    /** Together with the bytes in flight in the producer, this bounds the memory. */
    private static final long BATCH_BYTES = 8L * 1024 * 1024;

    private final RelayConfiguration config;
    private final Connection session;
    private final SourceIdentity identity;

    private Publication(RelayConfiguration config, Connection session, SourceIdentity identity) {
        this.config = config;
        this.session = session;
        this.identity = identity;
    }

    /**
     * Publishes all rows, and records that they are published.
     *
     * @param session of a user who may write {@code outbox.slot}; holds the source's lock from now until it is closed
     * @param rows not decided yet, or to be published
     * @return what is in Kafka, from the first row on
     * @throws SourceNotReady when a relay is running, or some rows may have been published before
     */
    public static BacklogProgress publish(RelayConfiguration config, Connection session, ExistingRows rows)
            throws SourceNotReady, SQLException, PublishFailure, InterruptedException {
        AdvisoryLock.freeWhenClientDies(session);
        if (!AdvisoryLock.tryAcquireFor(session, config.postgres().slot(), LOCK_SECONDS)) {
            throw new SourceNotReady("a relay publishes this source now, so old rows cannot be published before newer"
                    + " ones; nothing was changed. Stop every relay, then run again: tidemark init CONFIG --existing"
                    + " publish");
        }
        SourceIdentity identity = new SourceDatabase(config.postgres()).identity(session);
        Publication publication = new Publication(config, session, identity);
        if (!ExistingRows.read(session, rows.slot()).equals(Optional.of(rows))) { // read before the lock was ours
            throw publication.madeAnew();
        }
        try {
            return publication.publish(rows);
        } catch (KafkaException e) {
            throw PublishFailure.of(e);
        }
    }

    private BacklogProgress publish(ExistingRows rows)
            throws SourceNotReady, SQLException, PublishFailure, InterruptedException {
        boolean hasDeadLetters = config.routes().stream().anyMatch(RouteConfig::hasDeadLetters);
        String transactionalId = TransactionalPublisher.transactionalId(identity.sourceId());
        try (Topics topics = new Topics(config.kafka());
                KafkaTail tail = new KafkaTail(config.kafka());
                TransactionalPublisher publisher =
                        new TransactionalPublisher(config.kafka(), transactionalId, hasDeadLetters)) {
            topics.ensureOwn();
            if (hasDeadLetters) {
                topics.ensureDeadLetters();
            }
            progress(tail, rows); // a refusal does not fence whoever publishes
            publisher.initialize(); // from here on no other process commits, and the progress may be read
            BacklogProgress progress = progress(tail, rows);
            if (rows.decision().isEmpty() && !rows.decide(session, Decision.PUBLISH)) {
                throw madeAnew();
            }
            PublishedTopics published = new PublishedTopics(topics, tail.lastTopicIds(identity.sourceId()));
            published.check();
            Router router = new Router(config.routes(), config.headers(), identity.sourceId());
            progress = sendAll(
                    new OldRowSender(publisher, published, router, identity.sourceId(), identity.timeline()), progress);
            if (!rows.markPublished(session)) {
                throw madeAnew();
            }
            return progress;
        }
    }

    /** Where to continue. Rows that an earlier slot may have brought to Kafka must not be published again. */
    private BacklogProgress progress(KafkaTail tail, ExistingRows rows) throws SourceNotReady {
        Lsn began = rows.slotBegan().orElseThrow(() -> new IllegalStateException("the slot is not made yet"));
        Optional<BacklogProgress> stored = tail.lastBacklogProgress(identity.sourceId());
        if (stored.isPresent()
                && stored.get().slot().equals(rows.slot())
                && stored.get().slotBegan().equals(began)) {
            return stored.get();
        }
        if (stored.isPresent() || tail.lastPosition(identity.sourceId()).isPresent()) {
            throw new SourceNotReady("Kafka has events of source " + identity.sourceId() + " from an earlier slot, and"
                    + " some of the " + rows.count()
                    + " old rows may be among them: to publish all of them could repeat"
                    + " events. Nothing was published or changed. Leave them out: tidemark init CONFIG --existing"
                    + " ignore, and publish those that are missing: tidemark replay CONFIG --from MOMENT --dry-run"
                    + " counts them");
        }
        return BacklogProgress.begin(rows.slot(), began, UUID.randomUUID().toString());
    }

    private BacklogProgress sendAll(OldRowSender sender, BacklogProgress from)
            throws SourceNotReady, SQLException, PublishFailure, InterruptedException {
        OldRows rows = new OldRows(session, config.postgres().slot(), config.outbox());
        BacklogProgress progress = from;
        long read = from.upTo();
        List<OldRow> batch = new ArrayList<>();
        long bytes = 0;
        for (List<OldRow> next = rows.after(read); !next.isEmpty(); next = rows.after(read)) {
            for (OldRow row : next) {
                batch.add(row);
                bytes += row.bytes();
                if (batch.size() >= config.limits().batchEvents() || bytes >= BATCH_BYTES) {
                    progress = sender.send(batch, progress);
                    batch.clear();
                    bytes = 0;
                }
            }
            read = next.get(next.size() - 1).number();
        }
        return batch.isEmpty() ? progress : sender.send(batch, progress);
    }

    private SourceNotReady madeAnew() {
        return new SourceNotReady("replication slot " + config.postgres().slot()
                + " was recreated, or somebody else decided about the old rows meanwhile. What was published so far is"
                + " recorded in Kafka. Look at it again: tidemark init CONFIG");
    }
}
