// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.outbox.Lsn;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // a join cannot be interrupted
class SharedSourceStatusTest {

    private final AtomicInteger looks = new AtomicInteger();
    private final Semaphore begun = new Semaphore(0);
    private final BlockingQueue<Object> answers = new LinkedBlockingQueue<>();
    private final SharedSourceStatus standings = new SharedSourceStatus(() -> {
        looks.incrementAndGet();
        begun.release();
        Object answer = answers.take();
        if (answer instanceof SourceNotReady failure) {
            throw failure;
        }
        if (answer instanceof Error bug) {
            throw bug;
        }
        return new SourceStatus(new Lsn(looks.get()), new Lsn(looks.get()), Optional.empty(), Optional.empty());
    });

    /** Returns when the next look has begun. */
    private void awaitLook() throws InterruptedException {
        begun.acquire();
    }

    private static long head(CompletableFuture<SourceStatus> standing) {
        return standing.join().walHead().value();
    }

    @Test
    void oneReadServesAllEarlierRequestsAndNoLaterOne() throws Exception {
        CompletableFuture<SourceStatus> first = standings.now();
        awaitLook();
        List<CompletableFuture<SourceStatus>> meanwhile =
                Stream.generate(standings::now).limit(100).toList();

        answers.add("continue");

        assertThat(head(first)).isEqualTo(1);
        awaitLook();
        assertThat(meanwhile).noneMatch(CompletableFuture::isDone);
        answers.add("continue");
        assertThat(meanwhile).allMatch(standing -> head(standing) == 2);
        assertThat(looks).hasValue(2);
    }

    @Test
    void oneCancelledRequestDoesNotAffectOthers() throws Exception {
        CompletableFuture<SourceStatus> one = standings.now();
        awaitLook();
        CompletableFuture<SourceStatus> leaves = standings.now();
        CompletableFuture<SourceStatus> stays = standings.now();

        leaves.cancel(false);
        answers.add("continue");
        answers.add("continue");

        assertThat(head(one)).isEqualTo(1);
        assertThat(head(stays)).isEqualTo(2);
    }

    @Test
    void aFailureIsReportedAndTheNextRequestReadsAgain() {
        answers.add(new SourceNotReady("it is away"));
        answers.add("continue");

        assertThatThrownBy(standings.now()::join)
                .hasCauseInstanceOf(SourceNotReady.class)
                .hasMessageContaining("it is away");
        assertThat(head(standings.now())).isEqualTo(2);
    }

    @Test
    void nobodyIsLeftWithoutAnAnswerByAnError() {
        answers.add(new NoClassDefFoundError("somebody's"));

        assertThatThrownBy(standings.now()::join).hasCauseInstanceOf(NoClassDefFoundError.class);
    }
}
