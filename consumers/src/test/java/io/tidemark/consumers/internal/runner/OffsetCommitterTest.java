// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.runner;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

class OffsetCommitterTest {

    private static final TopicPartition PARTITION = new TopicPartition("t", 0);
    private static final long LATER = Duration.ofHours(1).toNanos();

    /** The test decides when a commit ends. */
    private static final class Commits extends MockConsumer<byte[], byte[]> {

        final List<Commit> all = new ArrayList<>();

        private record Commit(Map<TopicPartition, OffsetAndMetadata> offsets, OffsetCommitCallback callback) {}

        Commits() {
            super("earliest");
            assign(List.of(PARTITION));
        }

        @Override
        public synchronized void commitAsync(
                Map<TopicPartition, OffsetAndMetadata> offsets, OffsetCommitCallback callback) {
            all.add(new Commit(offsets, callback));
        }

        void fail(int number) {
            Commit commit = all.get(number);
            commit.callback().onComplete(commit.offsets(), new TimeoutException("no answer"));
        }

        void succeed(int number) {
            all.get(number).callback().onComplete(all.get(number).offsets(), null);
        }

        /** The last commit. */
        Map<TopicPartition, OffsetAndMetadata> last() {
            return all.get(all.size() - 1).offsets();
        }
    }

    private final Commits commits = new Commits();
    private final OffsetCommitter offsets = new OffsetCommitter(commits, "");

    private void advanceAndCommit(long nextOffset) {
        offsets.advanceTo(PARTITION, nextOffset);
        offsets.commitNew(System.nanoTime() + LATER);
    }

    private static Map<TopicPartition, OffsetAndMetadata> at(long offset) {
        return Map.of(PARTITION, new OffsetAndMetadata(offset, ""));
    }

    @Test
    void commitsTheLatestOffsetAfterTwoFailures() {
        advanceAndCommit(5);
        advanceAndCommit(7);

        commits.fail(0);
        commits.fail(1);
        offsets.commitNew(System.nanoTime() + LATER);

        assertThat(commits.last()).isEqualTo(at(7));
    }

    @Test
    void doesNotSetTheGroupBackAfterAnOldFailure() {
        advanceAndCommit(5);
        advanceAndCommit(7);

        commits.succeed(1);
        commits.fail(0);
        offsets.commitNew(System.nanoTime() + LATER);

        assertThat(commits.last()).isEqualTo(at(7));
    }

    @Test
    void commitsALowerOffsetAfterTheProgressWasSetBack() {
        advanceAndCommit(7);
        advanceAndCommit(5);

        commits.fail(0);
        commits.fail(1);
        offsets.commitNew(System.nanoTime() + LATER);

        assertThat(commits.last()).isEqualTo(at(5));
    }

    @Test
    void waitsHalfASecondAfterAFailure() {
        advanceAndCommit(5);

        commits.fail(0);
        offsets.commitNew(System.nanoTime());

        assertThat(commits.all).hasSize(1);
    }

    @Test
    void doesNotCommitAgainForARevokedPartition() {
        advanceAndCommit(5);
        offsets.forget(List.of(PARTITION));

        commits.fail(0);
        offsets.commitNew(System.nanoTime() + LATER);

        assertThat(commits.all).hasSize(1);
    }

    @Test
    void commitsOnceAndImmediatelyForARevokedPartition() {
        offsets.advanceTo(PARTITION, 5);

        offsets.commitNow(List.of(PARTITION));
        offsets.commitNew(System.nanoTime() + LATER);

        assertThat(commits.last()).isEqualTo(at(5));
        assertThat(commits.all).hasSize(1);
    }
}
