package io.tidemark.relay.assemble;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.capture.CapturedEvent;
import io.tidemark.relay.capture.Change;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Turns changes into committed transactions and progress, and drops what lies at or below the resume point. One
 * transaction is open at a time, because pgoutput sends each in one piece at its commit (protocol version 1).
 */
public final class TransactionAssembler implements AutoCloseable {

    private final long transactionBytes;
    private final Path spillDirectory;
    private final ResumePoint resumePoint;
    private Lsn last;
    private @Nullable TransactionEvents open;

    /** @param transactionBytes above it a transaction goes to a file in {@code spillDirectory} */
    public TransactionAssembler(ResumePoint resumePoint, long transactionBytes, Path spillDirectory) {
        this.resumePoint = resumePoint;
        this.transactionBytes = transactionBytes;
        this.spillDirectory = spillDirectory;
        this.last = Lsn.ZERO;
    }

    /**
     * Takes the next change of the stream.
     *
     * @return what it completed and Kafka does not have yet, or empty
     * @throws IllegalStateException when the stream breaks the order the guarantees rest on
     */
    public Optional<Assembled> accept(Change change) {
        if (change instanceof CapturedEvent event) {
            if (open == null) {
                open = new TransactionEvents(transactionBytes, spillDirectory);
            }
            open.add(event);
            return Optional.empty();
        }
        if (change instanceof Change.Commit commit) {
            return complete(commit.commitLsn());
        }
        Lsn barrier = ((Change.Barrier) change).lsn();
        if (open != null) {
            throw new IllegalStateException("a barrier at " + barrier + " inside a transaction");
        }
        if (last.isAfter(barrier)) {
            throw new IllegalStateException("a barrier at " + barrier + " after a commit at " + last);
        }
        return progress(barrier);
    }

    private Optional<Assembled> complete(Lsn commitLsn) {
        if (!commitLsn.isAfter(last)) {
            throw new IllegalStateException("a commit at " + commitLsn + " after one at " + last);
        }
        TransactionEvents events = open;
        open = null;
        if (events == null) {
            return progress(commitLsn);
        }
        last = commitLsn;
        int published = resumePoint.alreadyPublished(commitLsn, events.count());
        if (published >= events.count()) {
            events.close();
            return Optional.empty();
        }
        return Optional.of(new Assembled.Transaction(commitLsn, published, events));
    }

    private Optional<Assembled> progress(Lsn lsn) {
        last = lsn;
        return lsn.isAfter(resumePoint.lsn()) ? Optional.of(new Assembled.Progress(lsn)) : Optional.empty();
    }

    /** Drops the open transaction; its commit will be sent again. */
    @Override
    public void close() {
        if (open != null) {
            open.close();
        }
    }
}
