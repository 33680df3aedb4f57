package io.tidemark.relay;

import io.tidemark.outbox.Lsn;
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
import io.tidemark.relay.position.Adoptions;
import io.tidemark.relay.position.PublishedIndex;
import io.tidemark.relay.position.StartDecision;
import io.tidemark.relay.publish.IndexWriter;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.publish.TransactionalPublisher;
import io.tidemark.relay.route.PoisonEvent;
import io.tidemark.relay.route.Router;
import io.tidemark.relay.source.SourceIdentity;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The publishing loop of one run, from a stream that has just been opened until something ends it. On the supervisor's
 * thread.
 */
final class RelayRun {

    private static final long IDLE_TURN_MILLIS = 100;
    /** From so many events on, the next batch is given time to grow: fewer, larger Kafka transactions. */
    private static final int BUSY_EVENTS = 64;

    private static final long PATIENCE_MILLIS = 5;

    /** What the run is given; all of it is opened and closed by its caller. */
    record Parts(
            SourceIdentity identity,
            String owner,
            String run,
            Adoptions adoptions,
            CaptureEngine engine,
            ChangeRing ring,
            Router router,
            PublishedTopics topics,
            TransactionalPublisher publisher,
            IndexWriter indexWriter,
            PublishedIndex index,
            LimitsConfig limits) {}

    /** Called on the run's thread. */
    interface Listener {

        /** The stream has come by the resume point: this is the history that was published so far. Called once. */
        void anchored();

        /**
         * A Kafka transaction was committed, and the index has advanced with it.
         *
         * @param events how many, the dead letters among them
         * @param oldestCommitMillis when the first of its Postgres transactions was committed; 0 when it has none
         */
        void published(int events, int deadLetters, long oldestCommitMillis);

        /**
         * Called every turn, also without traffic.
         *
         * @return whether to go on
         */
        boolean turned() throws HaltException, PublishFailure, CaptureFailed, SQLException, InterruptedException;
    }

    private final Parts parts;
    private final Listener listener;
    private final TransactionAssembler assembler;
    private final EventSender sender;
    private final Batch batch;
    private final CommitOrder commits;
    private final PartByPart partByPart;
    private boolean anchored;
    /** Of the transaction that was taken last. */
    private long commitMillis;

    RelayRun(Parts parts, StartDecision.Start start, Listener listener) {
        this.parts = parts;
        this.listener = listener;
        long transactionBytes = parts.limits().transactionBytes().toBytes();
        this.assembler = new TransactionAssembler(
                start.slotConfirmed(),
                start.resumePoint(),
                transactionBytes,
                Path.of(parts.limits().spillDirectory()));
        this.sender = new EventSender(parts.identity().timeline(), parts.router(), parts.topics(), parts.publisher());
        this.batch = new Batch(parts.limits().batchEvents(), transactionBytes);
        this.commits = new CommitOrder(parts, sender, start.resumePoint(), listener);
        this.partByPart = new PartByPart(sender, commits, parts.limits());
    }

    /** Publishes until the listener says stop, or something fails. */
    void publishUntilStopped() throws HaltException, PublishFailure, CaptureFailed, SQLException, InterruptedException {
        List<Change> drained = new ArrayList<>();
        try {
            noteAnchor();
            while (listener.turned()) {
                parts.engine().checkAlive();
                drained.clear();
                parts.ring().drainTo(drained, IDLE_TURN_MILLIS);
                take(drained);
                noteAnchor();
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

    /** Before anything is published, because nothing above the resume point gets past the assembler without it. */
    private void noteAnchor() {
        if (!anchored && assembler.isAnchored()) {
            anchored = true;
            commits.open();
            listener.anchored();
        }
    }

    private void take(List<Change> changes) throws PublishFailure, InterruptedException {
        for (Change change : changes) {
            if (change instanceof Change.Commit commit) {
                commitMillis = commit.commitMillis();
            }
            Optional<Assembled> assembled = assembler.accept(change);
            if (assembled.isEmpty()) {
                continue;
            }
            if (assembled.get() instanceof Assembled.Transaction transaction
                    && transaction.events().isSpilled()) {
                try (TransactionEvents events = transaction.events()) {
                    publishBatch();
                    partByPart.publish(transaction, events, commitMillis);
                }
                continue;
            }
            if (!batch.hasRoomFor(assembled.get())) {
                publishBatch();
            }
            batch.add(assembled.get(), commitMillis);
            if (batch.isFull()) {
                publishBatch();
            }
        }
    }

    /** In one Kafka transaction; in more only around an event that cannot be published. */
    private void publishBatch() throws PublishFailure, InterruptedException {
        if (batch.isEmpty()) {
            return;
        }
        List<Assembled.Transaction> left = batch.transactions();
        int next = left.size();
        do {
            boolean all = next == left.size();
            Lsn reached = all ? batch.reached() : left.get(next - 1).lsn();
            int stopped = publish(left.subList(0, next), reached);
            if (stopped == next) {
                left = left.subList(next, left.size());
                next = left.size();
            } else { // what was committed before goes first; then it begins with that event's transaction
                next = stopped == 0 ? left.size() : stopped;
            }
        } while (!left.isEmpty());
        batch.clear();
    }

    /**
     * Publishes all of them or nothing.
     *
     * @return how many precede the transaction with an event that Kafka refused or the relay may not publish; their
     *     count when there is none, and all are published
     * @throws PoisonEvent when the first has an event that may not be published
     */
    private int publish(List<Assembled.Transaction> transactions, Lsn reached)
            throws PublishFailure, InterruptedException {
        int sending = 0;
        try {
            sender.begin();
            for (; sending < transactions.size(); sending++) {
                send(transactions.get(sending));
            }
            commits.commit(ResumePoint.after(reached), batch.oldestCommitMillis());
            return transactions.size();
        } catch (PoisonEvent e) {
            parts.publisher().abort();
            if (sending == 0) {
                throw e;
            }
            return sending;
        } catch (PublishFailure e) {
            Lsn refused = sender.takeBack(e).commitLsn();
            int before = 0;
            while (!transactions.get(before).lsn().equals(refused)) {
                before++;
            }
            return before;
        }
    }

    private void send(Assembled.Transaction transaction) throws PublishFailure, InterruptedException {
        Iterator<CapturedEvent> events = transaction.events().iterator();
        for (int ordinal = 0; events.hasNext(); ordinal++) {
            CapturedEvent event = events.next();
            if (ordinal >= transaction.firstOrdinal()) {
                sender.send(event, transaction.lsn(), ordinal, null);
            }
        }
    }
}
