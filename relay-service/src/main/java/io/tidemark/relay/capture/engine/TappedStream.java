// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture.engine;

import io.debezium.connector.postgresql.connection.LogicalDecodingMessage;
import io.debezium.connector.postgresql.connection.Lsn;
import io.debezium.connector.postgresql.connection.ReplicationMessage;
import io.debezium.connector.postgresql.connection.ReplicationStream;
import io.tidemark.relay.capture.Change;
import io.tidemark.relay.capture.EmittedEvent;
import java.sql.SQLException;
import java.util.concurrent.ExecutorService;

/**
 * Debezium's replication stream with our own processor: everything it decodes goes to the tap, and nothing to Debezium.
 * Only this class confirms the slot, on the streaming thread, a few times a second.
 */
final class TappedStream implements ReplicationStream {

    /** Messages read before the engine's loop gets its turn. */
    private static final int MESSAGES_PER_TURN = 256;
    /** Also without progress: a confirmation keeps the connection alive and detects when it is dead. */
    private static final long CONFIRM_INTERVAL_NANOS = 100_000_000;

    private final ReplicationStream delegate;
    private final Tap tap;
    private final ReplicationMessageProcessor processor = this::process;
    private final Tap.Upkeep upkeep = this::confirm;
    private final ReceivedLsn received;
    private long lastConfirmNanos;
    /** Whether the open transaction has rows of a table that is not the outbox by its name. */
    private boolean hasOtherRows;

    TappedStream(ReplicationStream delegate, Tap tap) throws SQLException {
        this.delegate = delegate;
        this.tap = tap;
        this.received = ReceivedLsn.of(delegate);
        tap.started(ours(delegate.startLsn()));
    }

    private static io.tidemark.outbox.Lsn ours(Lsn lsn) {
        return new io.tidemark.outbox.Lsn(lsn.asLong());
    }

    /** Always true: on false the engine would pause for its poll interval. */
    @Override
    public boolean readPending(ReplicationMessageProcessor ignored) throws SQLException, InterruptedException {
        int read = 0;
        while (read < MESSAGES_PER_TURN && delegate.readPending(processor)) {
            read++;
        }
        tap.turned();
        if (confirm() && read < MESSAGES_PER_TURN) { // everything received is on the ring
            received.now().ifPresent(tap::received);
        }
        return true;
    }

    private void process(ReplicationMessage message) throws SQLException, InterruptedException {
        switch (message.getOperation()) {
            case INSERT -> {
                if (message.isSkippedMessage()) { // also an INSERT: the engine does not know the table
                    hasOtherRows = true;
                } else {
                    tap.insert(message, delegate.lastReceivedLsn(), upkeep);
                }
            }
            case COMMIT -> {
                tap.commit(
                        new Change.Commit(
                                ours(delegate.lastReceivedLsn()),
                                message.getCommitTime().toEpochMilli(),
                                hasOtherRows),
                        upkeep);
                hasOtherRows = false;
            }
            case MESSAGE -> processMessage((LogicalDecodingMessage) message);
            case UPDATE, DELETE, TRUNCATE -> tap.ignored(); // not events; only an altered publication has them
            default -> {} // BEGIN, ORIGIN
        }
    }

    private void processMessage(LogicalDecodingMessage message) throws SQLException, InterruptedException {
        boolean isTransactional = !message.isLastEventForLsn(); // else no commit will follow
        io.tidemark.outbox.Lsn end = ours(delegate.lastReceivedLsn());
        if (message.getPrefix().equals(EmittedEvent.PREFIX)) {
            tap.emitted(EmittedEvent.read(message, isTransactional), upkeep);
            if (!isTransactional) {
                tap.commit(new Change.Commit(end, System.currentTimeMillis()), upkeep); // it carries no commit time
            }
        } else if (!isTransactional) {
            tap.barrier(end, upkeep);
        }
    }

    /** @return whether a confirmation was due */
    private boolean confirm() throws SQLException {
        long now = System.nanoTime();
        if (now - lastConfirmNanos < CONFIRM_INTERVAL_NANOS) {
            return false;
        }
        lastConfirmNanos = now;
        delegate.flushLsn(Lsn.valueOf(tap.confirmed().value()));
        return true;
    }

    @Override
    public void read(ReplicationMessageProcessor ignored) throws SQLException, InterruptedException {
        delegate.read(processor);
    }

    /** The engine does not decide what is confirmed. */
    @Override
    public void flushLsn(Lsn lsn) {}

    @Override
    public Lsn lastReceivedLsn() {
        return delegate.lastReceivedLsn();
    }

    @Override
    public Lsn startLsn() {
        return delegate.startLsn();
    }

    @Override
    public void startKeepAlive(ExecutorService service) {
        delegate.startKeepAlive(service);
    }

    @Override
    public void stopKeepAlive() {
        delegate.stopKeepAlive();
    }

    @Override
    public void close() throws Exception {
        delegate.close();
    }
}
