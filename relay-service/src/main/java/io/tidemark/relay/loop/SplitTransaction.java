// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.loop;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.assemble.Assembled;
import io.tidemark.relay.assemble.TransactionEvents;
import io.tidemark.relay.capture.CaptureFailed;
import io.tidemark.relay.capture.CapturedEvent;
import io.tidemark.relay.failpoint.Failpoint;
import io.tidemark.relay.position.ResumePoint;
import io.tidemark.relay.publish.PublishFailure;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * Publishes a transaction that is too large for one Kafka transaction. Each part is one Kafka transaction, the events'
 * headers name the part, and the position records how much is published. On the publishing thread.
 */
final class SplitTransaction {

    /** A part is held in memory. Its maximum is a quarter of the maximum for a whole transaction. */
    private static final int PARTS_OF_THE_LIMIT = 4;

    private final EventSender sender;
    private final CommitOrder commits;
    private final BatchSize batchSize;
    private final long maxBytes;

    SplitTransaction(EventSender sender, CommitOrder commits, RunScope scope) {
        this.sender = sender;
        this.commits = commits;
        this.batchSize = scope.batchSize();
        this.maxBytes = scope.limits().transactionBytes().toBytes() / PARTS_OF_THE_LIMIT;
    }

    /**
     * Publishes the rest of the transaction.
     *
     * @param all its events, also those that are published already
     * @param commitMillis when Postgres committed it
     */
    void publish(Assembled.Transaction transaction, TransactionEvents all, long commitMillis)
            throws PublishFailure, CaptureFailed, SQLException, InterruptedException {
        Iterator<CapturedEvent> events = all.iterator();
        int total = all.count();
        List<CapturedEvent> part = new ArrayList<>();
        long bytes = 0;
        for (int ordinal = 0; events.hasNext(); ordinal++) {
            CapturedEvent event = events.next();
            if (ordinal < transaction.firstOrdinal()) {
                continue;
            }
            part.add(event);
            bytes += event.approximateBytes();
            boolean isLast = ordinal == total - 1;
            if (isLast || part.size() >= batchSize.events() || bytes >= maxBytes) {
                publish(transaction.lsn(), part, ordinal, total, commitMillis);
                Failpoint.BETWEEN_PARTS.reach();
                part.clear();
                bytes = 0;
                commits.lookAfterRun(); // all parts together may take minutes
            }
        }
    }

    /**
     * Repeats the attempt until Kafka accepts the part, each time with one more of its events among the dead letters.
     */
    private void publish(Lsn commitLsn, List<CapturedEvent> part, int lastOrdinal, int total, long commitMillis)
            throws PublishFailure, CaptureFailed, SQLException, InterruptedException {
        int firstOrdinal = lastOrdinal - part.size() + 1;
        String split = firstOrdinal + "-" + lastOrdinal + "/" + total;
        ResumePoint reached = lastOrdinal == total - 1
                ? ResumePoint.after(commitLsn)
                : ResumePoint.inside(commitLsn, lastOrdinal, commits.published());
        boolean published = false;
        while (!published) {
            try {
                sender.begin();
                for (int i = 0; i < part.size(); i++) {
                    sender.send(part.get(i), commitLsn, firstOrdinal + i, split);
                }
                commits.commit(reached, commitMillis);
                published = true;
            } catch (PublishFailure e) {
                sender.takeBack(e);
            }
        }
    }
}
