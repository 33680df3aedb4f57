package io.tidemark.relay.source;

import io.tidemark.outbox.Lsn;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How WAL and slot stood at one moment.
 *
 * @param walHead the end of what is in the WAL
 * @param slot empty when there is none of our name
 */
public record SourceSample(Lsn walHead, Optional<Slot> slot) {

    /**
     * The slot.
     *
     * @param status {@code reserved}, {@code extended}, {@code unreserved} or {@code lost}
     * @param isActive whether somebody streams from it
     * @param confirmed what it will not send again
     * @param retainedBytes WAL that is kept because of it; empty when it is lost
     * @param safeBytes how much more WAL may be written before it is in danger; empty without a limit, and when lost
     */
    public record Slot(
            String status, boolean isActive, Lsn confirmed, OptionalLong retainedBytes, OptionalLong safeBytes) {}

    /** WAL that would be sent again; empty when there is no slot. */
    public OptionalLong unconfirmedBytes() {
        return slot.isEmpty()
                ? OptionalLong.empty()
                : OptionalLong.of(
                        Math.max(0, walHead.value() - slot.get().confirmed().value()));
    }
}
