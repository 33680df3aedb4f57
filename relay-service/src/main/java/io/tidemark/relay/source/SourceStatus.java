// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source;

import io.tidemark.outbox.Lsn;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How the server's WAL and our slot stood at one moment.
 *
 * @param walHead the end of what is in the WAL for good
 * @param walInsert the end of what is in the WAL, as a token reads it
 * @param slot empty when there is none of our name
 */
public record SourceStatus(Lsn walHead, Lsn walInsert, Optional<SlotState> slot) {

    /** WAL that would be sent again; empty when there is no slot. */
    public OptionalLong unconfirmedBytes() {
        return slot.isEmpty()
                ? OptionalLong.empty()
                : OptionalLong.of(
                        Math.max(0, walHead.value() - slot.get().confirmed().value()));
    }
}
