// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.index;

import io.tidemark.outbox.Lsn;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;

/**
 * The LSN from which it is unknown what was added to a partition. The next known fact about a partition closes the gap
 * for it, because it lies after everything that is missing. Another gap opens it again. Not thread-safe.
 */
final class Gap {

    private final Set<TopicPartition> closed = new HashSet<>();
    private final Map<TopicPartition, Lsn> reopenedFrom = new HashMap<>();
    private Lsn from = Lsn.ZERO;
    private boolean open;
    private long count;

    /** Nothing from this LSN on is known, for any partition. */
    void open(Lsn unknownFrom) {
        closed.clear();
        reopenedFrom.clear();
        from = unknownFrom;
        open = true;
        count++;
    }

    /** Opens another gap, above the one that is open. */
    void again(Lsn unknownFrom) {
        closed.forEach(partition -> reopenedFrom.put(partition, unknownFrom));
        closed.clear();
        count++;
    }

    boolean isOpen() {
        return open;
    }

    /** A different number for each gap; 0 when none is open. */
    long number() {
        return open ? count : 0;
    }

    /** @return the LSN from which the partition was unknown; empty when it was already closed */
    Optional<Lsn> close(TopicPartition partition) {
        return closed.add(partition) ? Optional.of(reopenedFrom.getOrDefault(partition, from)) : Optional.empty();
    }

    /** Everything is known. */
    void fill() {
        closed.clear();
        reopenedFrom.clear();
        open = false;
    }
}
