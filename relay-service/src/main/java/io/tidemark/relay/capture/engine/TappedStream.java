// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture.engine;

import io.debezium.connector.postgresql.connection.LogicalDecodingMessage;
import io.debezium.connector.postgresql.connection.Lsn;
import io.debezium.connector.postgresql.connection.ReplicationMessage;
import io.debezium.connector.postgresql.connection.ReplicationStream;
import io.tidemark.relay.capture.Change;
import io.tidemark.relay.capture.EmittedEvent;
import io.tidemark.relay.capture.OutboxShapeChanged;
import java.sql.SQLException;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * Debezium's replication stream with our own processor: everything it decodes goes to the tap, and nothing to Debezium.
 * Only this class confirms the slot, on the streaming thread, a few times a second.
 */
final class TappedStream implements ReplicationStream {

    /** Messages read before the engine's loop gets its turn. */
    private static final int MESSAGES_PER_TURN = 256;
    /** Also without progress: a confirmation keeps the connection alive and detects when it is dead. */
    private static final long CONFIRM_INTERVAL_NANOS = 100_000_000;

    private static final String OTHER_TABLE =
            "it wrote rows of another table, which the publication has, or had at that time. The stream does not name the"
                    + " table. If it is the outbox under another name, rename it back; if not, take it out of the"
                    + " publication; run: tidemark check CONFIG, which prints the commands";

    private final ReplicationStream delegate;
    private final Tap tap;
    private final ReplicationMessageProcessor processor = this::process;
    private final Tap.Upkeep upkeep = this::confirm;
    private final ReceivedLsn received;
    private long lastConfirmNanos;
    /** Why the first such row of the open transaction cannot be read; null if there is none. */
    private @Nullable String unreadable;

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
            case INSERT -> insert(message);
            case COMMIT -> {
                tap.commit(
                        new Change.Commit(
                                ours(delegate.lastReceivedLsn()),
                                message.getCommitTime().toEpochMilli(),
                                unreadable),
                        upkeep);
                unreadable = null;
            }
            case MESSAGE -> processMessage((LogicalDecodingMessage) message);
            case UPDATE, DELETE, TRUNCATE -> tap.ignored(); // not events; only an altered publication has them
            default -> {} // BEGIN, ORIGIN
        }
    }

    /** A row that cannot be read does not end the stream, or it would do so again wherever the source continues. */
    private void insert(ReplicationMessage message) throws SQLException, InterruptedException {
        if (unreadable != null) {
            return; // nothing of this transaction is published
        }
        if (message.isSkippedMessage()) { // also an INSERT: the engine does not know the table
            unreadable = OTHER_TABLE;
            return;
        }
        try {
            tap.insert(message, delegate.lastReceivedLsn(), upkeep);
        } catch (OutboxShapeChanged e) {
            unreadable = e.reason();
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
