// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture.engine;

import io.debezium.connector.postgresql.connection.ReplicationMessage;
import io.tidemark.outbox.Lsn;
import io.tidemark.relay.capture.CapturedEvent;
import io.tidemark.relay.capture.Change;
import io.tidemark.relay.capture.ChangeRing;
import io.tidemark.relay.capture.OutboxRow;
import io.tidemark.relay.capture.OutboxShape;
import io.tidemark.relay.config.OutboxConfig;
import java.sql.SQLException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One engine's tap: takes what the stream delivers, and holds how far the slot may be confirmed. Called on Debezium's
 * streaming thread; {@link #confirmUpTo} and the getters by other threads.
 */
final class Tap {

    /** How long the streaming thread waits for room before it attends to its connection again. */
    private static final long BLOCKED_TURN_MILLIS = 500;

    /** Work that the stream must do while it is blocked: confirming, which also keeps its connection alive. */
    interface Upkeep {
        void run() throws SQLException;
    }

    private final ChangeRing ring;
    private final Lsn expectedStart;
    private final OutboxRow row;
    private final CountDownLatch started = new CountDownLatch(1);
    /** Process id of the walsender that sends the stream; 0 before it does. */
    private volatile int walsenderPid;

    private volatile Lsn confirmed;
    private volatile Lsn captured;
    private volatile Lsn received;
    private final AtomicLong ignored = new AtomicLong();
    private volatile long lastTurnNanos = System.nanoTime();
    private volatile long lastHeardNanos = lastTurnNanos;

    /** @param shapeCompleteAt see {@link OutboxShape#completeAt} */
    Tap(ChangeRing ring, OutboxConfig outbox, Lsn expectedStart, Lsn shapeCompleteAt) {
        this.ring = ring;
        this.row = new OutboxRow(outbox, shapeCompleteAt);
        this.expectedStart = expectedStart;
        this.confirmed = expectedStart;
        this.captured = expectedStart;
        this.received = expectedStart;
    }

    /**
     * The stream is open and will send everything that commits after {@code start}.
     *
     * @throws SQLException in two cases. If {@code start} is not the confirmed LSN that was checked, the slot was moved
     *     or made again in between, and events would be missing. If a stream was open before, its events would be
     *     delivered a second time, inside a transaction that is not complete
     */
    void started(Lsn start) throws SQLException {
        if (started.getCount() == 0) {
            throw new SQLException("the engine has opened its stream again, at " + start
                    + "; a fresh engine must, behind an empty ring");
        }
        if (!start.equals(expectedStart)) {
            throw new SQLException("the slot starts at " + start + ", but stood at " + expectedStart
                    + " when it was checked; it was moved or recreated in between");
        }
        started.countDown();
    }

    void streamsBy(int pid) {
        walsenderPid = pid;
    }

    int walsenderPid() {
        return walsenderPid;
    }

    void insert(ReplicationMessage message, io.debezium.connector.postgresql.connection.Lsn changeLsn, Upkeep upkeep)
            throws SQLException, InterruptedException {
        put(row.read(message, changeLsn), upkeep);
    }

    void emitted(CapturedEvent event, Upkeep upkeep) throws SQLException, InterruptedException {
        put(event, upkeep);
    }

    void ignored() {
        ignored.incrementAndGet();
    }

    void commit(Change.Commit commit, Upkeep upkeep) throws SQLException, InterruptedException {
        put(commit, upkeep);
        captured = commit.commitLsn();
    }

    void barrier(Lsn lsn, Upkeep upkeep) throws SQLException, InterruptedException {
        put(new Change.Barrier(lsn), upkeep);
        captured = lsn;
    }

    private void put(Change change, Upkeep upkeep) throws SQLException, InterruptedException {
        while (!ring.offer(change, BLOCKED_TURN_MILLIS)) {
            turned();
            heard(); // the server may have sent much that is still unread
            upkeep.run();
        }
    }

    /** Everything committed at or below {@code upTo} has been handed over; possibly nothing was. */
    void received(Lsn upTo) {
        received = upTo;
    }

    /** The ring is no longer drained: a streaming thread that waits on it, or reaches it later, ends. */
    void shut() {
        ring.close();
    }

    /** The streaming loop has finished a turn, with or without something to read. */
    void turned() {
        lastTurnNanos = System.nanoTime();
    }

    /** The server has sent something, at least the answer to a confirmation. */
    void heard() {
        lastHeardNanos = System.nanoTime();
    }

    /** For how long, as of the loop's last turn, the server had sent nothing. */
    long silentNanos() {
        return lastTurnNanos - lastHeardNanos;
    }

    /** From now on the server need not send again what committed at or below {@code lsn}. Never moves backwards. */
    synchronized void confirmUpTo(Lsn lsn) {
        confirmed = Lsn.max(confirmed, lsn);
    }

    Lsn confirmed() {
        return confirmed;
    }

    Lsn captured() {
        return captured;
    }

    Lsn received() {
        return received;
    }

    long ignoredChanges() {
        return ignored.get();
    }

    CountDownLatch startedLatch() {
        return started;
    }

    long lastTurnNanos() {
        return lastTurnNanos;
    }
}
