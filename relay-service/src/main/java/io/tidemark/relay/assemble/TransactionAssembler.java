// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.assemble;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.capture.CapturedEvent;
import io.tidemark.relay.capture.Change;
import io.tidemark.relay.position.ResumePoint;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Turns changes into committed transactions and progress, and drops everything at or below the resume point. At most
 * one transaction is open, because pgoutput sends each in one piece at its commit (protocol version 1).
 */
public final class TransactionAssembler implements AutoCloseable {

    private final long transactionBytes;
    private final Path spillDirectory;
    private final ResumePoint resumePoint;
    private final Anchor anchor;
    private Lsn last;
    private @Nullable TransactionEvents open;

    /**
     * @param streamStart the slot's confirmed LSN, at which the stream begins
     * @param transactionBytes a larger transaction goes to a file in {@code spillDirectory}
     */
    public TransactionAssembler(Lsn streamStart, ResumePoint resumePoint, long transactionBytes, Path spillDirectory) {
        this.resumePoint = resumePoint;
        this.anchor = new Anchor(streamStart, resumePoint);
        this.transactionBytes = transactionBytes;
        this.spillDirectory = spillDirectory;
        this.last = Lsn.ZERO;
    }

    /**
     * Takes the next change of the stream.
     *
     * @return what it completed and Kafka does not have yet, or empty
     * @throws OtherHistory when the stream is not the one that was published so far
     * @throws IllegalStateException when the stream breaks the order that the guarantees depend on
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
            return complete(commit);
        }
        Lsn barrier = ((Change.Barrier) change).lsn();
        if (open != null) {
            throw new IllegalStateException("a barrier at " + barrier + " inside a transaction");
        }
        if (last.isAfter(barrier)) {
            throw new IllegalStateException("a barrier at " + barrier + " after a commit at " + last);
        }
        anchor.pass(barrier, 0);
        return progress(barrier);
    }

    /** Whether the stream has passed the resume point and is verified: the rest of it continues what was published. */
    public boolean isAnchored() {
        return anchor.isPassed();
    }

    private Optional<Assembled> complete(Change.Commit commit) {
        Lsn commitLsn = commit.commitLsn();
        if (!commitLsn.isAfter(last)) {
            throw new IllegalStateException("a commit at " + commitLsn + " after one at " + last);
        }
        TransactionEvents events = open;
        open = null;
        last = commitLsn;
        boolean isBegun = resumePoint.isPartial() && commitLsn.equals(resumePoint.lsn());
        if (commit.unreadable() == null || !isBegun) { // without a row, its number of events would be another one
            passAnchor(commitLsn, events);
        }
        if (commit.unreadable() != null && (isBegun || commitLsn.isAfter(resumePoint.lsn()))) {
            close(events);
            return Optional.of(new Assembled.Unreadable(commitLsn, commit.unreadable()));
        }
        if (events == null) {
            return progress(commitLsn);
        }
        int published = resumePoint.alreadyPublished(commitLsn, events.count());
        if (published >= events.count()) {
            events.close();
            return Optional.empty();
        }
        return Optional.of(new Assembled.Transaction(commitLsn, published, events));
    }

    private void passAnchor(Lsn commitLsn, @Nullable TransactionEvents events) {
        try {
            anchor.pass(commitLsn, events == null ? 0 : events.count());
        } catch (OtherHistory e) {
            close(events);
            throw e;
        }
    }

    private Optional<Assembled> progress(Lsn lsn) {
        last = lsn;
        return lsn.isAfter(resumePoint.lsn()) ? Optional.of(new Assembled.Progress(lsn)) : Optional.empty();
    }

    /** Drops the open transaction; its commit will be sent again. */
    @Override
    public void close() {
        close(open);
    }

    private static void close(@Nullable TransactionEvents events) {
        if (events != null) {
            events.close();
        }
    }
}
