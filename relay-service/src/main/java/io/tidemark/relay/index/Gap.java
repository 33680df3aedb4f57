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
 * From which LSN on it is not known what was added to a partition. Closed for each partition by the next thing known of
 * it, which lies behind whatever is missing; another gap opens it again. Not thread-safe.
 */
final class Gap {

    private final Set<TopicPartition> closed = new HashSet<>();
    private final Map<TopicPartition, Lsn> reopenedFrom = new HashMap<>();
    private Lsn from = Lsn.ZERO;
    private boolean open;
    private long count;

    /** Nothing from this LSN on is known, of any partition. */
    void open(Lsn unknownFrom) {
        closed.clear();
        reopenedFrom.clear();
        from = unknownFrom;
        open = true;
        count++;
    }

    /** Another one, above the one that is open. */
    void again(Lsn unknownFrom) {
        closed.forEach(partition -> reopenedFrom.put(partition, unknownFrom));
        closed.clear();
        count++;
    }

    boolean isOpen() {
        return open;
    }

    /** Another for each gap; 0 when none is open. */
    long number() {
        return open ? count : 0;
    }

    /** @return from where on the partition was not known; empty when it was closed already */
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
