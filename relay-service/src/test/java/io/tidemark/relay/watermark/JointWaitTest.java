// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.group.GroupState;
import io.tidemark.relay.watermark.JointWait.Mode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class JointWaitTest {

    private static final long WAIT = 2_000;
    private static final Answer SUCCESS = new Answer.Success(3, new Lsn(100), 1);
    private static final Answer BEHIND = new Answer.ProjectionBehind(WAIT, new Lsn(100), List.of(), 1);
    private static final Answer STOPPED =
            new Answer.NoProgress(GroupState.STOPPED, "no members", 0, new Lsn(100), List.of(), 1);

    /** Waits that the test ends, and the answers to questions that do not wait. */
    private final Map<String, CompletableFuture<Answer>> waits = new HashMap<>();

    private final Map<String, Answer> standing = new HashMap<>();

    /** A projection for which Kafka never answers. */
    private String sick = "";

    private CompletableFuture<Answer> ask(String projection, long waitMillis) {
        if (waitMillis == 0 && projection.equals(sick)) {
            return new CompletableFuture<>();
        }
        if (waitMillis == 0) {
            return CompletableFuture.completedFuture(standing.getOrDefault(projection, BEHIND));
        }
        assertThat(waitMillis).isEqualTo(WAIT);
        return waits.computeIfAbsent(projection, name -> new CompletableFuture<>());
    }

    private CompletableFuture<JointWait.Result> await(Mode mode, String... projections) {
        return JointWait.await(this::ask, List.of(projections), WAIT, mode);
    }

    private void answered(String projection, Answer answer) {
        Objects.requireNonNull(waits.get(projection)).complete(answer);
    }

    @Test
    void allIsOverWithTheLastSuccess() {
        CompletableFuture<JointWait.Result> result = await(Mode.ALL, "orders", "stock");

        answered("orders", SUCCESS);
        assertThat(result).isNotDone();
        answered("stock", SUCCESS);

        assertThat(result.join().deciding()).isEqualTo(SUCCESS);
        assertThat(result.join().answers()).containsExactly(Map.entry("orders", SUCCESS), Map.entry("stock", SUCCESS));
    }

    @Test
    void allFailsWhenTheLastProjectionCannotCatchUp() {
        CompletableFuture<JointWait.Result> result = await(Mode.ALL, "orders", "stock");

        answered("orders", SUCCESS);
        answered("stock", STOPPED);

        assertThat(result.join().deciding()).isEqualTo(STOPPED);
    }

    @Test
    void allIsOverAtOnceWhereOneCannotGetThere() {
        CompletableFuture<JointWait.Result> result = await(Mode.ALL, "orders", "stock");

        answered("stock", STOPPED);

        assertThat(result.join().deciding()).isEqualTo(STOPPED);
        assertThat(result.join().answers()).containsExactly(Map.entry("orders", BEHIND), Map.entry("stock", STOPPED));
        assertThat(waits.get("orders")).isCancelled();
    }

    @Test
    void anyEndsWithTheFirstSuccessAndReturnsTheStatusOfTheOthers() {
        CompletableFuture<JointWait.Result> result = await(Mode.ANY, "orders", "stock");
        standing.put("orders", STOPPED);

        answered("stock", SUCCESS);

        assertThat(result.join().deciding()).isEqualTo(SUCCESS);
        assertThat(result.join().answers()).containsExactly(Map.entry("orders", STOPPED), Map.entry("stock", SUCCESS));
        assertThat(waits.get("orders")).isCancelled();
    }

    @Test
    void anyContinuesAfterAProjectionThatCannotCatchUp() {
        CompletableFuture<JointWait.Result> result = await(Mode.ANY, "orders", "stock");

        answered("orders", STOPPED);
        assertThat(result).isNotDone();
        answered("stock", SUCCESS);

        assertThat(result.join().deciding()).isEqualTo(SUCCESS);
    }

    @Test
    void anyWithoutASuccessIsDecidedByTheFirstNamed() {
        CompletableFuture<JointWait.Result> result = await(Mode.ANY, "orders", "stock");

        answered("stock", STOPPED);
        answered("orders", BEHIND);

        assertThat(result.join().deciding()).isEqualTo(BEHIND);
    }

    @Test
    void anyDoesNotWaitForAGroupThatKafkaDoesNotTellOf() throws Exception {
        sick = "orders";
        CompletableFuture<JointWait.Result> result = await(Mode.ANY, "orders", "stock");

        answered("stock", SUCCESS);

        assertThat(result.get(30, TimeUnit.SECONDS).deciding()).isEqualTo(SUCCESS);
        assertThat(result.join().answers().get("orders")).isInstanceOf(Answer.Unavailable.class);
    }

    @Test
    void oneUnknownProjectionDoesNotAffectTheAnswersOfOthers() {
        CompletableFuture<JointWait.Result> result = await(Mode.ANY, "orders", "stock");

        answered("orders", new Answer.Unavailable("away"));
        answered("stock", BEHIND);

        assertThat(result.join().deciding()).isEqualTo(BEHIND);
    }

    @Test
    void aClientThatDisconnectsFreesEveryWait() {
        CompletableFuture<JointWait.Result> result = await(Mode.ALL, "orders", "stock");

        result.cancel(false);

        assertThat(waits.get("orders")).isCancelled();
        assertThat(waits.get("stock")).isCancelled();
    }
}
