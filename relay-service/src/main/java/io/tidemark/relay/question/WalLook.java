// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.question;

import io.tidemark.outbox.Token;
import io.tidemark.relay.source.Nudge;
import io.tidemark.relay.source.SourceIdentity;

/**
 * A look at the end of the source's WAL: everything that was committed before {@code begunNanos} is at or below it.
 *
 * @param begunNanos by {@link System#nanoTime}, not after the look began
 */
record WalLook(long begunNanos, Nudge end) {

    boolean isOf(SourceIdentity served) {
        return end.server().equals(served);
    }

    /** The token of everything that was committed before the look. */
    Token token() {
        return Token.of(end.server().sourceId(), end.server().timeline(), end.lsn());
    }
}
