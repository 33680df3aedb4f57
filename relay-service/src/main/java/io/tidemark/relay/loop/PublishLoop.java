// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.loop;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.assemble.Assembled;
import io.tidemark.relay.assemble.TransactionAssembler;
import io.tidemark.relay.assemble.TransactionEvents;
import io.tidemark.relay.assemble.UnreadableTransaction;
import io.tidemark.relay.capture.CaptureFailed;
import io.tidemark.relay.capture.CapturedEvent;
import io.tidemark.relay.capture.Change;
import io.tidemark.relay.position.ResumePoint;
import io.tidemark.relay.position.StartDecision;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.route.PoisonEvent;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The publishing loop of one run, from a stream that has just been opened until the run ends. On the supervisor's
 * thread.
 */
public final class PublishLoop implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(PublishLoop.class);

    private static final long IDLE_TURN_MILLIS = 100;

    /** The result of sending some Postgres transactions in one Kafka transaction. */
    private sealed interface SendAttempt {

        /** All of them are committed. */
        record Committed() implements SendAttempt {}

        /**
         * Nothing is committed: one of them has an event that cannot be published, or that Kafka has refused.
         *
         * @param before number of transactions before that one; these can be committed without it
         */
        record StoppedBy(int before) implements SendAttempt {}
    }

    private final RunScope scope;
    private final LoopListener listener;
    private final TransactionAssembler assembler;
    private final EventSender sender;
    private final Batch batch;
    private final CommitOrder commits;
    private final SplitTransaction splitTransaction;
    private boolean anchored;
    /** The commit time of the transaction that was taken last. */
    private long commitMillis;

    public PublishLoop(RunScope scope, StartDecision.Start start, LoopListener listener) {
        this.scope = scope;
        this.listener = listener;
        long transactionBytes = scope.limits().transactionBytes().toBytes();
        this.assembler = new TransactionAssembler(
                start.slotConfirmed(),
                start.resumePoint(),
                transactionBytes,
                Path.of(scope.limits().spillDirectory()));
        this.sender = new EventSender(scope);
        this.batch = new Batch(scope.limits().batchEvents(), transactionBytes);
        this.commits = new CommitOrder(scope, sender, start, listener);
        this.splitTransaction = new SplitTransaction(sender, commits, scope);
    }

    /** Publishes until the listener ends the run, or something fails. */
    public void publishUntilStopped() throws PublishFailure, CaptureFailed, SQLException, InterruptedException {
        List<Change> drained = new ArrayList<>();
        noteAnchor();
        try {
            while (listener.turned()) {
                drained.clear();
                scope.ring().drainTo(drained, IDLE_TURN_MILLIS);
                if (publish(drained)) {
                    TimeUnit.NANOSECONDS.sleep(commits.pauseNanos());
                }
            }
        } catch (RunEnding e) { // in the middle of a turn
            LOG.info("event=ended-within-a-turn published={}", commits.published());
        }
    }

    /**
     * One turn: accepts the changes, and publishes every transaction that they complete.
     *
     * @param changes in stream order, following those of the last turn
     * @return whether anything was published at its end
     */
    public boolean publish(List<Change> changes)
            throws PublishFailure, CaptureFailed, SQLException, InterruptedException {
        noteAnchor();
        take(changes);
        boolean isDue = !batch.isEmpty();
        publishBatch();
        return isDue;
    }

    /** Frees memory and files of everything that was not published. */
    @Override
    public void close() {
        batch.clear();
        assembler.close();
    }

    /** Called before anything is published: without an anchor, nothing above the resume point passes the assembler. */
    private void noteAnchor() {
        if (!anchored && assembler.isAnchored()) {
            anchored = true;
            commits.open();
            listener.anchored();
        }
    }

    private void take(List<Change> changes) throws PublishFailure, CaptureFailed, SQLException, InterruptedException {
        for (Change change : changes) {
            if (change instanceof Change.Commit commit) {
                commitMillis = commit.commitMillis();
            }
            Optional<Assembled> assembled = assembler.accept(change);
            noteAnchor();
            if (assembled.isEmpty()) {
                continue;
            }
            if (assembled.get() instanceof Assembled.Unreadable unreadable) {
                publishBatch(); // so that a person leaves out nothing but this transaction
                throw new UnreadableTransaction(unreadable);
            }
            if (assembled.get() instanceof Assembled.Transaction transaction && isInParts(transaction)) {
                try (TransactionEvents events = transaction.events()) {
                    publishBatch();
                    splitTransaction.publish(transaction, events, commitMillis);
                }
                continue;
            }
            if (!batch.hasRoomFor(assembled.get())) {
                publishBatch();
                commits.lookAfterRun();
            }
            batch.add(assembled.get(), commitMillis);
            if (batch.isFull() || batch.events() >= scope.batchSize().events()) {
                publishBatch();
                commits.lookAfterRun();
            }
        }
    }

    /** Also true for the rest of a transaction that was begun in parts, even if it is within the limit now. */
    private static boolean isInParts(Assembled.Transaction transaction) {
        return transaction.events().isSpilled() || transaction.firstOrdinal() > 0;
    }

    /** Publishes in one Kafka transaction, or in several around an event that cannot be published. */
    private void publishBatch() throws PublishFailure, CaptureFailed, SQLException, InterruptedException {
        if (batch.isEmpty()) {
            return;
        }
        List<Assembled.Transaction> left = batch.transactions();
        int together = left.size();
        while (true) {
            Lsn reached = together == left.size()
                    ? batch.reached()
                    : left.get(together - 1).lsn();
            SendAttempt attempt = publish(left.subList(0, together), reached);
            if (attempt instanceof SendAttempt.StoppedBy stopped && stopped.before() > 0) {
                together = stopped.before(); // first those before it; it starts the next attempt
            } else {
                if (attempt instanceof SendAttempt.Committed) {
                    left = left.subList(together, left.size());
                }
                together = left.size();
            }
            if (left.isEmpty()) {
                batch.clear();
                return;
            }
            commits.lookAfterRun();
        }
    }

    /**
     * Publishes all of them or none.
     *
     * @throws PoisonEvent if the first has an event that may not be published
     */
    private SendAttempt publish(List<Assembled.Transaction> transactions, Lsn reached)
            throws PublishFailure, CaptureFailed, SQLException, InterruptedException {
        int sending = 0;
        try {
            sender.begin();
            for (; sending < transactions.size(); sending++) {
                send(transactions.get(sending));
            }
            commits.commit(ResumePoint.after(reached), batch.oldestCommitMillis());
            return new SendAttempt.Committed();
        } catch (PoisonEvent e) {
            scope.kafka().abort();
            if (sending == 0) {
                throw e;
            }
            return new SendAttempt.StoppedBy(sending);
        } catch (PublishFailure e) {
            return new SendAttempt.StoppedBy(indexOf(sender.takeBack(e).commitLsn(), transactions));
        }
    }

    private static int indexOf(Lsn commitLsn, List<Assembled.Transaction> transactions) {
        int index = 0;
        while (!transactions.get(index).lsn().equals(commitLsn)) {
            index++;
        }
        return index;
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
