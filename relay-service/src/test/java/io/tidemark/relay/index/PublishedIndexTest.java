// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.index;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.index.IndexEntry.Addition;
import io.tidemark.relay.position.Adoptions;
import io.tidemark.relay.position.ResumePoint;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class PublishedIndexTest {

    private static final Set<String> ORDERS = Set.of("orders");
    private static final TopicPartition FIRST = new TopicPartition("orders", 0);
    private static final TopicPartition SECOND = new TopicPartition("orders", 1);
    private static final TopicPartition OTHER_TOPIC = new TopicPartition("payments", 0);

    private final PublishedIndex index = IndexSteps.empty();

    @Test
    void staysBelowTheSlowestPartition() {
        published(Map.of(FIRST, added("0/10", 1)), "0/10");
        published(Map.of(SECOND, added("0/20", 1)), "0/20");
        published(Map.of(FIRST, added("0/30", 3)), "0/30");

        assertThat(watermark(Map.of(FIRST, 3L))).isEqualTo(Lsn.parse("0/1F"));
        assertThat(watermark(Map.of(SECOND, 1L))).isEqualTo(Lsn.parse("0/F"));
        assertThat(watermark(Map.of(FIRST, 1L, SECOND, 1L))).isEqualTo(Lsn.parse("0/2F"));
        assertThat(watermark(Map.of(FIRST, 3L, SECOND, 1L))).isEqualTo(Lsn.parse("0/30"));
    }

    @Test
    void isNeverAboveWhatIsPublished() {
        published(Map.of(FIRST, added("0/10", 1)), "0/10");

        assertThat(watermark(Map.of(FIRST, 1000L))).isEqualTo(Lsn.parse("0/10"));
    }

    @Test
    void movesWithNudgesWhenEverythingIsConsumed() {
        published(Map.of(FIRST, added("0/10", 1)), "0/10");
        published(Map.of(), "0/50");

        assertThat(watermark(Map.of(FIRST, 1L))).isEqualTo(Lsn.parse("0/50"));
        assertThat(watermark(Map.of())).isEqualTo(Lsn.parse("0/F"));
    }

    @Test
    void distinguishesEventsFromProgress() {
        published(Map.of(), "0/8");
        assertThat(index.eventsNanos()).isEmpty();
        published(Map.of(OTHER_TOPIC, added("0/10", 1)), "0/10");
        OptionalLong events = index.eventsNanos();
        published(Map.of(), "0/50");

        assertThat(events).isNotEmpty();
        assertThat(index.eventsNanos()).isEqualTo(events);
    }

    @Test
    void isNotHeldBackByTopicsOfOthers() {
        published(Map.of(FIRST, added("0/10", 1), OTHER_TOPIC, added("0/8", 9)), "0/10");

        assertThat(watermark(Map.of(FIRST, 1L))).isEqualTo(Lsn.parse("0/10"));
        assertThat(index.partitionsOf(ORDERS)).containsExactly(FIRST);
    }

    @Test
    void isHeldBackByAPartitionThatCameIntoBeingMeanwhile() {
        published(Map.of(FIRST, added("0/10", 1)), "0/10");
        Map<TopicPartition, Long> readBefore = Map.of(FIRST, 1L);

        published(Map.of(SECOND, added("0/20", 1)), "0/20");

        assertThat(watermark(readBefore)).isEqualTo(Lsn.parse("0/1F"));
    }

    @Test
    void doesNotCountATransactionOfWhichOnlyPartsArePublished() {
        published(Map.of(FIRST, added("0/10", 1)), "0/10");
        published(Map.of(FIRST, added("0/20", 5)), "0/10");

        assertThat(watermark(Map.of(FIRST, 5L))).isEqualTo(Lsn.parse("0/10"));
        published(Map.of(FIRST, added("0/20", 9)), "0/20");
        assertThat(watermark(Map.of(FIRST, 5L))).isEqualTo(Lsn.parse("0/1F"));
        assertThat(watermark(Map.of(FIRST, 9L))).isEqualTo(Lsn.parse("0/20"));
    }

    @Test
    void asksForEverythingThatWasThereBeforeTheFirstStart() {
        rebased(Map.of(FIRST, 7L, SECOND, 0L), "0/40");

        assertThat(index.need(FIRST, Lsn.parse("0/1"))).isEqualTo(7);
        assertThat(watermark(Map.of(FIRST, 6L))).isEqualTo(Lsn.ZERO);
        assertThat(watermark(Map.of(FIRST, 7L))).isEqualTo(Lsn.parse("0/40"));
        assertThat(index.partitionsOf(ORDERS)).containsExactly(FIRST);
    }

    @Test
    void requestsOnlyEntriesThatOthersPublishedSince() {
        published(Map.of(FIRST, added("0/10", 5)), "0/10");

        rebased(Map.of(FIRST, 9L), "0/30");

        assertThat(index.need(FIRST, Lsn.parse("0/10"))).isEqualTo(5);
        assertThat(index.need(FIRST, Lsn.parse("0/11"))).isEqualTo(9);
        assertThat(watermark(Map.of(FIRST, 5L))).isEqualTo(Lsn.parse("0/10"));
        assertThat(watermark(Map.of(FIRST, 9L))).isEqualTo(Lsn.parse("0/30"));
    }

    @Test
    void countsAnUnansweredCommitOfTheLastRun() {
        published(Map.of(FIRST, added("0/10", 5)), "0/10");
        rebased(Map.of(FIRST, 9L), "0/1F"); // Kafka has the first part of the transaction at 0/20

        published(Map.of(FIRST, added("0/20", 12)), "0/20");

        assertThat(watermark(Map.of(FIRST, 9L))).isEqualTo(Lsn.parse("0/1F"));
        assertThat(watermark(Map.of(FIRST, 8L))).isEqualTo(Lsn.parse("0/10"));
    }

    @Test
    void losesNoPrecisionWhenARestartFindsNothingNew() {
        published(Map.of(FIRST, added("0/10", 1)), "0/10");
        published(Map.of(FIRST, added("0/20", 2)), "0/20");

        rebased(Map.of(FIRST, 2L), "0/20");

        assertThat(index.need(FIRST, Lsn.parse("0/10"))).isEqualTo(1);
        assertThat(watermark(Map.of(FIRST, 1L))).isEqualTo(Lsn.parse("0/1F"));
    }

    @Test
    void neverGoesBack() {
        published(Map.of(FIRST, added("0/10", 1)), "0/50");

        rebased(Map.of(FIRST, 1L), "0/20");

        assertThat(index.published()).isEqualTo(Lsn.parse("0/50"));
    }

    @Test
    void needsNothingWhereNothingIs() {
        assertThat(index.need(FIRST, Lsn.parse("FFFFFFFF/FFFFFFFF"))).isZero();
        assertThat(watermark(Map.of())).isEqualTo(Lsn.ZERO);
    }

    /** A person has given up what was published. Earlier entries, read late or again, must not restore it. */
    @Test
    void discardsPermanentlyWhatWasPublishedBeforeAnAdoption() {
        published(Map.of(FIRST, added("0/10", 1)), "0/10");
        IndexEntry given = entry(0, "0/10", "0/90", FIRST, 9);

        index.startAt(ResumePoint.adopted(Lsn.parse("0/8")), new Adoptions(1, List.of()), Map.of(FIRST, 9L));
        index.apply(given);
        index.apply(entry(1, "0/8", "0/20", FIRST, 12));
        index.apply(given);

        assertThat(index.published()).isEqualTo(Lsn.parse("0/20"));
        assertThat(index.need(FIRST, Lsn.parse("0/8"))).isEqualTo(9);
        assertThat(index.need(FIRST, Lsn.parse("0/20"))).isEqualTo(12);
    }

    @Test
    void learnsOfAnAdoptionFromAnyEntryAfterIt() {
        published(Map.of(FIRST, added("0/10", 1)), "0/90");
        long generation = index.generation();

        index.apply(entry(1, "0/18", "0/20", FIRST, 12));

        assertThat(index.generation()).isNotEqualTo(generation);
        assertThat(index.published()).isEqualTo(Lsn.ZERO);
        index.fillGap(index.openGap(), Map.of(FIRST, 12L), new Adoptions(1, List.of()));
        assertThat(index.published()).isEqualTo(Lsn.parse("0/20"));
    }

    /** A position read before the adoption does not contain what the adoption left out. */
    @Test
    void publishesNothingNewBeforeItHasReadTheAdoptions() {
        Adoptions adopted = Adoptions.NONE.leavingOut(Lsn.parse("0/10"), Lsn.parse("0/18"));
        index.apply(entry(1, "0/18", "0/20", FIRST, 12));

        index.fillGap(index.openGap(), Map.of(FIRST, 12L), Adoptions.NONE);
        assertThat(index.published()).isEqualTo(Lsn.ZERO);

        index.fillGap(index.openGap(), Map.of(FIRST, 12L), adopted);
        assertThat(index.published()).isEqualTo(Lsn.parse("0/20"));
        assertThat(index.leftOut(Lsn.parse("0/18"))).contains(adopted.leftOut().get(0));
        assertThat(index.leftOut(Lsn.parse("0/10"))).isEmpty();
        assertThat(index.leftOut(Lsn.parse("0/19"))).isEmpty();
    }

    private static IndexEntry entry(int adoptions, String from, String to, TopicPartition partition, long endOffset) {
        return new IndexEntry(
                1,
                "relay/session",
                adoptions,
                ResumePoint.after(Lsn.parse(from)),
                ResumePoint.after(Lsn.parse(to)),
                0,
                Map.of(partition, List.of(new Addition(Lsn.parse(to), endOffset))));
    }

    private static Addition added(String firstLsn, long endOffset) {
        return new Addition(Lsn.parse(firstLsn), endOffset);
    }

    private void published(Map<TopicPartition, Addition> additions, String upTo) {
        IndexSteps.advance(index, additions, Lsn.parse(upTo));
    }

    private void rebased(Map<TopicPartition, Long> recordEnds, String publishedUpTo) {
        IndexSteps.rebase(index, recordEnds, Lsn.parse(publishedUpTo));
    }

    private Lsn watermark(Map<TopicPartition, Long> committed) {
        return index.watermark(ORDERS, committed);
    }
}
