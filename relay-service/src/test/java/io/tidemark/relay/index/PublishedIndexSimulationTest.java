// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.index;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.position.Adoptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of publishing, with the index compared with a plain list of all events (DESIGN 7.2). A failure
 * prints the seed. To run one seed alone, let {@link #seeds} return it.
 */
class PublishedIndexSimulationTest {

    private static final Set<String> ORDERS = Set.of("orders");
    private static final Set<String> BOTH = Set.of("orders", "payments");
    private static final List<TopicPartition> PARTITIONS = List.of(
            new TopicPartition("orders", 0), new TopicPartition("orders", 1), new TopicPartition("payments", 0));

    static LongStream seeds() {
        return LongStream.rangeClosed(1, 20);
    }

    static LongStream seedsOfLongHistories() {
        return LongStream.rangeClosed(1, 4);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void isExactAtEveryLsnThatAKafkaTransactionReaches(long seed) {
        History history = new History(seed);
        for (int step = 0; step < PartitionIndex.PAIRS_A_LEVEL; step++) {
            history.publishBatch();

            history.verifySound();
            history.verifyExactAtBatches();
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void isExactAtEveryLsnWhenEachTransactionIsPublishedAlone(long seed) {
        History history = new History(seed);
        for (int step = 0; step < PartitionIndex.PAIRS_A_LEVEL; step++) {
            history.publishOne();

            history.verifyExactEverywhere();
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void staysSoundThroughRestartsTakeoversAndSplitTransactions(long seed) {
        History history = new History(seed);
        for (int step = 0; step < 200; step++) {
            history.stepOfAnyKind();

            history.verifySound();
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seedsOfLongHistories")
    void staysSoundWhenOldEntriesAreMerged(long seed) {
        History history = new History(seed);
        for (int step = 0; step < 64 * PartitionIndex.PAIRS_A_LEVEL; step++) {
            history.stepOfAnyKind();
            if (step % 200 == 0) {
                history.verifySound();
            }
        }
        history.verifySound();
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void aFollowerThatReadsEveryEntryHasTheSameIndex(long seed) {
        History history = new History(seed);
        for (int step = 0; step < 200; step++) {
            history.publishBatch();

            history.verifyFollowerIsAsPrecise();
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void aFollowerThatMissesEntriesIsBehindButNeverWrong(long seed) {
        History history = new History(seed);
        history.follower.losesEntries = true;
        for (int step = 0; step < 200; step++) {
            history.stepOfAnyKind();

            history.verifyFollowerIsSound();
        }
        history.publishOne();
        history.fillFollower();
        history.verifyFollowerIsSound();
    }

    /** Another replica, which learns of the steps from the entries they write. */
    private static final class Follower {

        private final PublishedIndex index = new PublishedIndex();
        private boolean losesEntries;
    }

    /** One index and the log it describes, advanced by the steps that a relay makes. */
    private static final class History {

        private final long seed;
        private final Random random;
        private final KafkaLog log;
        private final PublishedIndex index = new PublishedIndex();
        private final Follower follower = new Follower();
        private final List<Lsn> reached = new ArrayList<>();
        private final long start;
        private long wal;

        History(long seed) {
            this.seed = seed;
            this.random = new Random(seed);
            this.log = new KafkaLog(PARTITIONS, random);
            // half of the histories cross 2^63, where signed and unsigned order differ
            this.start = seed % 2 == 0 ? Long.MAX_VALUE - 2000 : 1 + random.nextInt(100_000);
            this.wal = start;
            rebase(log.recordEnds(), new Lsn(wal));
            follower.index.fillGap(follower.index.openGap(), log.recordEnds(), Adoptions.NONE);
        }

        private void advance(Map<TopicPartition, IndexEntry.Addition> additions, Lsn upTo) {
            IndexEntry entry = IndexSteps.advance(index, additions, upTo);
            if (follower.losesEntries && random.nextInt(4) == 0) {
                return;
            }
            follower.index.apply(IndexEntry.fromJson(entry.toJson()));
            if (random.nextInt(3) == 0) {
                follower.index.fillGap(follower.index.openGap(), log.recordEnds(), Adoptions.NONE);
            }
            if (random.nextInt(20) == 0) { // late, from a run that has ended
                follower.index.apply(IndexEntry.fromJson(entry.toJson()));
            }
        }

        private void rebase(Map<TopicPartition, Long> recordEnds, Lsn publishedUpTo) {
            IndexSteps.rebase(index, recordEnds, publishedUpTo);
            follower.index.apply(IndexEntry.opening(1, "relay/session", 0, index.reached(), 0));
        }

        private Lsn nextLsn() {
            wal += 1 + random.nextInt(8);
            return new Lsn(wal);
        }

        void stepOfAnyKind() {
            switch (random.nextInt(12)) {
                case 0 -> restart();
                case 1 -> takeOverFromAnother();
                case 2 -> publishSplit(false);
                case 3 -> publishSplit(true);
                case 4 -> advance(Map.of(), nextLsn()); // a nudge
                case 5 -> publishOne();
                default -> publishBatch();
            }
        }

        void publishOne() {
            Lsn lsn = nextLsn();
            advance(log.commit(List.of(lsn, lsn)), lsn);
        }

        void publishBatch() {
            List<Lsn> commitLsns = batch();
            Lsn last = commitLsns.get(commitLsns.size() - 1);
            advance(log.commit(commitLsns), last);
            reached.add(last);
        }

        private List<Lsn> batch() {
            List<Lsn> commitLsns = new ArrayList<>();
            for (int transactions = 1 + random.nextInt(6); transactions > 0; transactions--) {
                Lsn lsn = nextLsn();
                for (int events = 1 + random.nextInt(3); events > 0; events--) {
                    commitLsns.add(lsn);
                }
            }
            return commitLsns;
        }

        /**
         * Publishes in several Kafka transactions. There may be a crash before the last of them, which a new run then
         * publishes.
         */
        private void publishSplit(boolean crash) {
            Lsn before = index.published();
            Lsn lsn = nextLsn();
            List<Lsn> part = List.of(lsn, lsn, lsn);
            for (int parts = 1 + random.nextInt(3); parts > 0; parts--) {
                advance(log.commit(part), before);
                verifySoundWhileShort();
            }
            if (crash) {
                if (random.nextBoolean()) {
                    log.commit(part); // Kafka has it, but its answer was lost
                    IndexSteps.rebaseBehindAnotherPart(index, log.recordEnds());
                    follower.index.apply(IndexEntry.opening(1, "relay/session", 0, index.reached(), 0));
                } else {
                    rebase(log.recordEnds(), before);
                }
                verifySoundWhileShort();
            }
            advance(log.commit(part), lsn);
        }

        private void restart() {
            rebase(log.recordEnds(), index.published());
        }

        /** Other replicas have published, without the knowledge of this index. */
        private void takeOverFromAnother() {
            Lsn last = index.published();
            for (int batches = random.nextInt(4); batches > 0; batches--) {
                List<Lsn> commitLsns = batch();
                log.commit(commitLsns);
                last = commitLsns.get(commitLsns.size() - 1);
            }
            rebase(log.recordEnds(), last);
        }

        private Lsn anyLsnUpToPublished() {
            long span = index.published().value() - start;
            long back = random.nextBoolean() ? random.nextLong(Math.min(span, 40) + 1) : random.nextLong(span + 1);
            return new Lsn(index.published().value() - back);
        }

        private void verifySoundWhileShort() {
            if (log.size() < 1000) { // in long histories this would take most of the time
                verifySound();
            }
        }

        void verifySound() {
            Lsn published = index.published();
            for (int i = 0; i < 5; i++) {
                Map<TopicPartition, Long> committed = log.anyCommittedOffsets();
                Lsn target = anyLsnUpToPublished();
                for (Set<String> topics : List.of(ORDERS, BOTH)) {
                    Lsn watermark = index.watermark(topics, committed);
                    String asked = "seed %d: %s for %s with %s committed".formatted(seed, target, topics, committed);
                    assertThat(published.isAtLeast(watermark)).as(asked).isTrue();
                    assertThat(log.isConsumed(topics, committed, watermark))
                            .as("%s: consumed up to watermark %s", asked, watermark)
                            .isTrue();
                    boolean meetsEveryNeed = index.partitionsOf(topics).stream()
                            .allMatch(p -> committed.getOrDefault(p, 0L) >= index.need(p, target));
                    assertThat(watermark.isAtLeast(target))
                            .as("%s: watermark %s agrees with the needs", asked, watermark)
                            .isEqualTo(meetsEveryNeed);
                }
                PARTITIONS.forEach(partition -> assertThat(index.need(partition, target))
                        .as("seed %d: need of %s for %s", seed, partition, target)
                        .isGreaterThanOrEqualTo(log.need(partition, target)));
            }
            assertThat(index.watermark(BOTH, log.recordEnds()))
                    .as("seed %d: watermark of a group that has read everything", seed)
                    .isEqualTo(published);
        }

        void verifyFollowerIsAsPrecise() {
            follower.index.fillGap(follower.index.openGap(), log.recordEnds(), Adoptions.NONE);
            Lsn target = anyLsnUpToPublished();
            assertThat(follower.index.published()).isEqualTo(index.published());
            PARTITIONS.forEach(partition -> assertThat(follower.index.need(partition, target))
                    .as("seed %d: need of %s for %s", seed, partition, target)
                    .isEqualTo(index.need(partition, target)));
        }

        void verifyFollowerIsSound() {
            Lsn published = follower.index.published();
            assertThat(index.published().isAtLeast(published)).isTrue();
            for (int i = 0; i < 5; i++) {
                Map<TopicPartition, Long> committed = log.anyCommittedOffsets();
                Lsn watermark = follower.index.watermark(BOTH, committed);
                assertThat(log.isConsumed(BOTH, committed, watermark))
                        .as("seed %d: consumed up to %s, with %s committed", seed, watermark, committed)
                        .isTrue();
            }
        }

        void fillFollower() {
            advance(Map.of(), nextLsn());
            follower.losesEntries = false;
            advance(Map.of(), nextLsn());
            follower.index.fillGap(follower.index.openGap(), log.recordEnds(), Adoptions.NONE);
            assertThat(follower.index.published()).isEqualTo(index.published());
        }

        void verifyExactAtBatches() {
            verifyExactAt(reached.get(random.nextInt(reached.size())));
            verifyExactAt(index.published());
        }

        void verifyExactEverywhere() {
            for (int i = 0; i < 5; i++) {
                verifyExactAt(anyLsnUpToPublished());
            }
        }

        private void verifyExactAt(Lsn target) {
            PARTITIONS.forEach(partition -> assertThat(index.need(partition, target))
                    .as("seed %d: need of %s for %s", seed, partition, target)
                    .isEqualTo(log.need(partition, target)));
            Map<TopicPartition, Long> committed = log.anyCommittedOffsets();
            assertThat(index.watermark(BOTH, committed).isAtLeast(target))
                    .as("seed %d: caught up with %s, with %s committed", seed, target, committed)
                    .isEqualTo(log.isConsumed(BOTH, committed, target));
        }
    }
}
