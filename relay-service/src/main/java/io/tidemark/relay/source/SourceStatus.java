// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source;

import io.tidemark.outbox.Lsn;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * State of the server's WAL and our slot at one moment.
 *
 * @param walHead the flushed end of the WAL
 * @param walInsert the end of the WAL as a token reads it
 * @param slot empty when no slot has our name
 * @param sent how far the walsender of the slot has sent; empty without one, and when the user may not see it
 */
public record SourceStatus(Lsn walHead, Lsn walInsert, Optional<SlotState> slot, Optional<Lsn> sent) {

    /** WAL that would be sent again; empty without a slot. */
    public OptionalLong unconfirmedBytes() {
        return slot.isEmpty()
                ? OptionalLong.empty()
                : OptionalLong.of(
                        Math.max(0, walHead.value() - slot.get().confirmed().value()));
    }
}
