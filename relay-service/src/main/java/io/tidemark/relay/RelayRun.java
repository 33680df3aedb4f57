package io.tidemark.relay;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Position;
import io.tidemark.relay.assemble.Assembled;
import io.tidemark.relay.assemble.ResumePoint;
import io.tidemark.relay.assemble.TransactionAssembler;
import io.tidemark.relay.assemble.TransactionEvents;
import io.tidemark.relay.capture.CaptureEngine;
import io.tidemark.relay.capture.CaptureFailed;
import io.tidemark.relay.capture.CapturedEvent;
import io.tidemark.relay.capture.Change;
import io.tidemark.relay.capture.ChangeRing;
import io.tidemark.relay.config.LimitsConfig;
import io.tidemark.relay.position.PublishedIndex;
import io.tidemark.relay.position.SourcePosition;
import io.tidemark.relay.publish.IndexWriter;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.publish.Topics;
import io.tidemark.relay.publish.TransactionalPublisher;
import io.tidemark.relay.route.PoisonEvent;
import io.tidemark.relay.route.Router;
import io.tidemark.relay.source.SourceIdentity;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The publishing loop of one run, from a stream that has just been opened until something ends it. On the supervisor's
 * thread. Holds the one order everything rests on: Kafka commit, then index, then slot confirmation.
 */
final class RelayRun {

    private static final long IDLE_TURN_MILLIS = 100;
    /** From so many events on, the next batch is given time to grow: fewer, larger Kafka transactions. */
    private static final int BUSY_EVENTS = 64;

    private static final long PATIENCE_MILLIS = 5;
    /** A part of a split transaction is held in memory: a quarter of what a whole one may take. */
    private static final int PARTS_OF_THE_LIMIT = 4;

    /** What the run is given; all of it is opened and closed by its caller. */
    record Parts(
            SourceIdentity identity,
            String owner,
            CaptureEngine engine,
            ChangeRing ring,
            Router router,
            Topics topics,
            TransactionalPublisher publisher,
            IndexWriter indexWriter,
            PublishedIndex index,
            LimitsConfig limits) {}

    /** Called on the run's thread. */
    interface Listener {

        /** Publishing has advanced, and the index with it. */
        void published();

        /**
         * Called every turn, also without traffic.
         *
         * @return whether to go on
         */
        boolean turned() throws CaptureFailed, SQLException;
    }

    private final Parts parts;
    private final Listener listener;
    private final TransactionAssembler assembler;
    private final Batch batch;
    private final byte[] positionKey;
    private final long maxPartBytes;
    /** The LSN of the last whole transaction or barrier that Kafka has. */
    private Lsn published;

    RelayRun(Parts parts, ResumePoint resumePoint, Listener listener) {
        this.parts = parts;
        this.listener = listener;
        long transactionBytes = parts.limits().transactionBytes().toBytes();
        this.assembler = new TransactionAssembler(
                resumePoint, transactionBytes, Path.of(parts.limits().spillDirectory()));
        this.maxPartBytes = transactionBytes / PARTS_OF_THE_LIMIT;
        this.batch = new Batch(parts.limits().batchEvents(), transactionBytes);
        this.positionKey = parts.identity().sourceId().getBytes(StandardCharsets.UTF_8);
        this.published = resumePoint.complete();
    }

    /** Publishes until the listener says stop, or something fails. */
    void publishUntilStopped() throws PublishFailure, CaptureFailed, SQLException, InterruptedException {
        List<Change> drained = new ArrayList<>();
        try {
            while (listener.turned()) {
                parts.engine().checkAlive();
                drained.clear();
                parts.ring().drainTo(drained, IDLE_TURN_MILLIS);
                take(drained);
                int events = batch.events();
                publishBatch();
                if (events >= BUSY_EVENTS) {
                    TimeUnit.MILLISECONDS.sleep(PATIENCE_MILLIS);
                }
            }
        } finally {
            batch.clear();
            assembler.close();
        }
    }

    private void take(List<Change> changes) throws PublishFailure, InterruptedException {
        for (Change change : changes) {
            Optional<Assembled> assembled = assembler.accept(change);
            if (assembled.isEmpty()) {
                continue;
            }
            if (assembled.get() instanceof Assembled.Transaction transaction
                    && transaction.events().isSpilled()) {
                try (TransactionEvents events = transaction.events()) {
                    publishBatch();
                    publishInParts(transaction, events);
                }
                continue;
            }
            if (!batch.hasRoomFor(assembled.get())) {
                publishBatch();
            }
            batch.add(assembled.get());
            if (batch.isFull()) {
                publishBatch();
            }
        }
    }

    private void publishBatch() throws PublishFailure, InterruptedException {
        if (batch.isEmpty()) {
            return;
        }
        List<Assembled.Transaction> transactions = batch.transactions();
        parts.publisher().begin();
        for (int i = 0; i < transactions.size(); i++) {
            try {
                send(transactions.get(i));
            } catch (PoisonEvent e) {
                publishBefore(transactions.subList(0, i));
                throw e;
            }
        }
        commit(ResumePoint.after(batch.reached()));
        batch.clear();
    }

    /** What was committed before a poison event is published before the relay halts because of it. */
    private void publishBefore(List<Assembled.Transaction> transactions) throws PublishFailure, InterruptedException {
        parts.publisher().abort();
        if (transactions.isEmpty()) {
            return;
        }
        parts.publisher().begin();
        for (Assembled.Transaction transaction : transactions) {
            send(transaction);
        }
        commit(ResumePoint.after(transactions.get(transactions.size() - 1).lsn()));
    }

    private void send(Assembled.Transaction transaction) throws PublishFailure, InterruptedException {
        Iterator<CapturedEvent> events = transaction.events().iterator();
        for (int ordinal = 0; events.hasNext(); ordinal++) {
            CapturedEvent event = events.next();
            if (ordinal >= transaction.firstOrdinal()) {
                send(event, transaction.lsn(), ordinal, null);
            }
        }
    }

    /** Each part is a Kafka transaction; its header says so, and the position says how far it came. */
    private void publishInParts(Assembled.Transaction transaction, TransactionEvents transactionEvents)
            throws PublishFailure, InterruptedException {
        Iterator<CapturedEvent> events = transactionEvents.iterator();
        int total = transactionEvents.count();
        List<CapturedEvent> part = new ArrayList<>();
        long partBytes = 0;
        for (int ordinal = 0; events.hasNext(); ordinal++) {
            CapturedEvent event = events.next();
            if (ordinal < transaction.firstOrdinal()) {
                continue;
            }
            part.add(event);
            partBytes += event.approximateBytes();
            boolean isLast = ordinal == total - 1;
            if (isLast || part.size() >= parts.limits().batchEvents() || partBytes >= maxPartBytes) {
                publishPart(transaction.lsn(), part, ordinal, total);
                part.clear();
                partBytes = 0;
            }
        }
    }

    private void publishPart(Lsn commitLsn, List<CapturedEvent> part, int lastOrdinal, int total)
            throws PublishFailure, InterruptedException {
        int firstOrdinal = lastOrdinal - part.size() + 1;
        String split = firstOrdinal + "-" + lastOrdinal + "/" + total;
        parts.publisher().begin();
        for (int i = 0; i < part.size(); i++) {
            send(part.get(i), commitLsn, firstOrdinal + i, split);
        }
        boolean complete = lastOrdinal == total - 1;
        commit(complete ? ResumePoint.after(commitLsn) : ResumePoint.inside(commitLsn, lastOrdinal, published));
    }

    private void send(CapturedEvent event, Lsn commitLsn, int ordinal, @Nullable String split)
            throws PublishFailure, InterruptedException {
        Position position = new Position(parts.identity().timeline(), commitLsn, ordinal);
        var outgoing = parts.router().route(event, position, split);
        try {
            parts.topics().ensureEvents(outgoing.topic());
        } catch (PublishFailure e) {
            if (e.kind() == PublishFailure.Kind.HALT) {
                throw new PoisonEvent(Router.name(event, position) + ": " + e.getMessage(), e);
            }
            throw e;
        }
        parts.publisher().send(outgoing, commitLsn);
    }

    /** The order that makes it exactly once: nothing is told to anyone before Kafka has it for good. */
    private void commit(ResumePoint reached) throws PublishFailure {
        SourcePosition position = new SourcePosition(parts.identity(), reached, parts.owner(), Instant.now());
        Map<TopicPartition, TransactionalPublisher.End> ends =
                parts.publisher().commit(SourcePosition.TOPIC, positionKey, position.toJson());

        published = reached.complete();
        Map<TopicPartition, PublishedIndex.Addition> additions = new HashMap<>();
        ends.forEach((partition, end) ->
                additions.put(partition, new PublishedIndex.Addition(end.firstLsn(), end.endOffset())));
        parts.index().advance(additions, published);
        parts.indexWriter().write(published, ends);

        parts.engine().confirmUpTo(published);
        listener.published();
    }
}
