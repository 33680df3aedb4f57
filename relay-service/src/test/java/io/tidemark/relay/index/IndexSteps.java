// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.index;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.index.IndexEntry.Addition;
import io.tidemark.relay.position.Adoptions;
import io.tidemark.relay.position.ResumePoint;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/** The steps of a run on its index, expressed by an LSN. */
public final class IndexSteps {

    private IndexSteps() {}

    /** An index of a source that has never published. */
    public static PublishedIndex empty() {
        PublishedIndex index = new PublishedIndex();
        index.startAt(ResumePoint.after(Lsn.ZERO), Adoptions.NONE, Map.of());
        return index;
    }

    /** One Kafka transaction. If it has additions but does not advance, it is a part of a split transaction. */
    public static IndexEntry advance(PublishedIndex index, Map<TopicPartition, Addition> additions, Lsn upTo) {
        ResumePoint from = index.reached();
        ResumePoint to = ResumePoint.after(upTo);
        if (upTo.equals(from.complete()) && !additions.isEmpty()) {
            Lsn commitLsn = additions.values().iterator().next().firstLsn();
            to = ResumePoint.inside(commitLsn, from.isPartial() ? from.partialOrdinal() + 1 : 0, upTo);
        }
        Map<TopicPartition, List<Addition>> lists = new HashMap<>();
        additions.forEach((partition, addition) -> lists.put(partition, List.of(addition)));
        IndexEntry entry = new IndexEntry(1, "relay/session", 0, from, to, upTo.value(), lists);
        index.apply(entry);
        return entry;
    }

    /** A run starts where the last one has ended, or further. */
    public static void rebase(PublishedIndex index, Map<TopicPartition, Long> recordEnds, Lsn publishedUpTo) {
        boolean isFurther = publishedUpTo.isAfter(index.reached().complete());
        index.startAt(isFurther ? ResumePoint.after(publishedUpTo) : index.reached(), Adoptions.NONE, recordEnds);
    }

    /** A run starts within a transaction, one part of which was published without the knowledge of the index. */
    static void rebaseBehindAnotherPart(PublishedIndex index, Map<TopicPartition, Long> recordEnds) {
        ResumePoint part = index.reached();
        index.startAt(
                ResumePoint.inside(part.lsn(), part.partialOrdinal() + 1, part.complete()), Adoptions.NONE, recordEnds);
    }
}
