package io.tidemark.relay.timeline;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.WatermarkStatus;

/** What a part of a token means on a database's timeline. */
public sealed interface TokenVerdict {

    /** Its write is in the database's history, if it was made at all: everything up to {@code lsn} is what it asks for. */
    record InHistory(Lsn lsn) implements TokenVerdict {}

    /** It is of a younger timeline than the database's, which may have yet to follow a failover. */
    record Younger(Lsn lsn, int timeline) implements TokenVerdict {}

    /**
     * It cannot be waited for.
     *
     * @param status {@code FOREIGN}, {@code DIVERGED}, {@code EXPIRED} or {@code UNKNOWN}
     * @param reason in words
     */
    record Refused(WatermarkStatus status, String reason) implements TokenVerdict {}
}
