// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.run;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.loop.RunPublication;
import io.tidemark.relay.publication.PublicationRecord;
import io.tidemark.relay.publication.PublicationState;
import io.tidemark.relay.publication.PublicationWatch;
import java.util.Optional;

/**
 * The publication as it was when the run began. Records it, and has it compared after every commit. On the publishing
 * thread.
 */
final class ComparedPublication implements RunPublication {

    /** A record is written regularly, so that a backward read from the end of the topic finds one soon. */
    private static final int COMMITS_BETWEEN_RECORDS = 2000;

    private final PublicationWatch watch;
    private final PublicationState state;
    private int commitsSinceRecord = COMMITS_BETWEEN_RECORDS;

    ComparedPublication(PublicationWatch watch, PublicationState state) {
        this.watch = watch;
        this.state = state;
    }

    @Override
    public Optional<byte[]> toRecord(Lsn confirmed) {
        return commitsSinceRecord < COMMITS_BETWEEN_RECORDS
                ? Optional.empty()
                : Optional.of(new PublicationRecord(state, confirmed).toJson());
    }

    @Override
    public void committed() {
        commitsSinceRecord = commitsSinceRecord < COMMITS_BETWEEN_RECORDS ? commitsSinceRecord + 1 : 0;
    }

    @Override
    public void beginLook() {
        watch.beginLook();
    }

    @Override
    public boolean isConfirmedWithin(long millis) throws InterruptedException {
        return watch.isConfirmedWithin(millis);
    }
}
