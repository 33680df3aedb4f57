// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.question;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.config.RouteConfig;
import io.tidemark.relay.config.WatermarkConfig;
import io.tidemark.relay.declared.WritableTopics;
import io.tidemark.relay.group.GroupOffsets;
import io.tidemark.relay.index.PublishedIndex;
import io.tidemark.relay.question.Outcome.Answered;
import io.tidemark.relay.question.Outcome.NotAsked;
import io.tidemark.relay.source.Nudge;
import io.tidemark.relay.source.Nudges;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.timeline.TimelineHistory;
import io.tidemark.relay.watermark.Answer;
import io.tidemark.relay.watermark.Watermarks;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class QuestionsTest {

    private static final SourceIdentity SHOP = new SourceIdentity("7f3a9c21", "71", "shop", 3);
    private static final SourceIdentity OLD = new SourceIdentity("7f3a9c21", "71", "shop", 2);
    private static final long PATIENCE_SECONDS = 30;

    private final PublishedIndex index = new PublishedIndex();
    private final GroupOffsets groups = new GroupOffsets(new KafkaConfig("127.0.0.1:1", null, null, null));
    private final Nudges nudges = new Nudges(new SourceDatabase(
            new PostgresConfig("jdbc:postgresql://127.0.0.1:1/shop", "u", "p", null, null, null, null)));
    private final WatermarkConfig config = new WatermarkConfig(null, 1, null);
    private final Watermarks watermarks = new Watermarks(
            List.of(),
            new WritableTopics(
                    List.of(new RouteConfig(RouteConfig.ANY, "outbox." + RouteConfig.PLACEHOLDER, null, null))),
            index,
            groups,
            nudges,
            config);

    private final List<CompletableFuture<Nudge>> readings = new ArrayList<>();
    private final WalLooks looks = new WalLooks(
            () -> {
                CompletableFuture<Nudge> reading = new CompletableFuture<>();
                readings.add(reading);
                return reading;
            },
            System::nanoTime,
            task -> {});
    private final Questions questions = new Questions(watermarks, nudges, config, looks);

    /** What the projection was asked about, and its answers. */
    private final List<Token> asked = new ArrayList<>();

    private final List<CompletableFuture<Boolean>> answers = new ArrayList<>();

    @BeforeEach
    void serve() {
        index.belongTo(SHOP);
        watermarks.serve(SHOP, TimelineHistory.parse(3, "1\t0/50\tx\n2\t0/60\tx\n"));
    }

    @AfterEach
    void close() {
        watermarks.close();
        nudges.close();
        groups.close();
    }

    private CompletableFuture<Outcome<Boolean>> ask(Question question, long waitMillis) {
        return questions.ask(
                question,
                waitMillis,
                (token, left) -> {
                    CompletableFuture<Boolean> answer = new CompletableFuture<>();
                    asked.add(token);
                    answers.add(answer);
                    return answer;
                },
                isCaughtUp -> isCaughtUp);
    }

    private void wal(int reading, String end, SourceIdentity server) {
        readings.get(reading).complete(new Nudge(Lsn.parse(end), server));
    }

    /** A look before the question. */
    private WalLook remember(String end, SourceIdentity server) {
        CompletableFuture<WalLook> look = looks.fresh();
        wal(readings.size() - 1, end, server);
        return look.join();
    }

    private static Token token(String lsn) {
        return Token.of("7f3a9c21", 3, Lsn.parse(lsn));
    }

    private static void pass(long millis) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    @Test
    void asksNowAboutTheEndOfTheWalThatIsReadAfterTheQuestion() {
        remember("0/100", SHOP);

        CompletableFuture<Outcome<Boolean>> outcome = ask(new Question.Now(), 1_000);
        assertThat(asked)
                .as("a look from before the question counts for nothing")
                .isEmpty();
        wal(1, "0/200", SHOP);
        answers.get(0).complete(true);

        assertThat(asked).containsExactly(token("0/200"));
        assertThat(outcome.join()).isInstanceOfSatisfying(Answered.class, answered -> {
            assertThat(answered.token()).isEqualTo(token("0/200"));
            assertThat(answered.stalenessMillis()).isNotEmpty();
        });
    }

    @Test
    void asksAboutATokenWithoutALook() {
        CompletableFuture<Outcome<Boolean>> outcome = ask(new Question.OfToken(token("0/10")), 0);
        answers.get(0).complete(false);

        assertThat(readings).isEmpty();
        assertThat(outcome.join())
                .isInstanceOfSatisfying(
                        Answered.class,
                        answered -> assertThat(answered.stalenessMillis()).isEmpty());
    }

    @Test
    void asksAboutStalenessByAnOlderLookThatIsYoungEnough() {
        WalLook look = remember("0/100", SHOP);

        CompletableFuture<Outcome<Boolean>> outcome = ask(new Question.Within(60_000), 0);
        answers.get(0).complete(true);

        assertThat(readings).hasSize(1);
        assertThat(asked).containsExactly(token("0/100"));
        long trueMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - look.begunNanos());
        assertThat(outcome.join())
                .isInstanceOfSatisfying(
                        Answered.class,
                        answered -> assertThat(answered.stalenessMillis().getAsLong())
                                .isBetween(0L, trueMillis + 1));
    }

    @Test
    void looksAnewWhereEveryLookIsTooOld() throws Exception {
        remember("0/100", SHOP);
        pass(150);

        CompletableFuture<Outcome<Boolean>> outcome = ask(new Question.Within(100), 0);
        wal(1, "0/200", SHOP);
        answers.get(0).complete(true);

        assertThat(asked).containsExactly(token("0/200"));
        assertThat(outcome).isCompleted();
    }

    /** The group needs longer than the bound: by then, what it has is older than was asked. */
    @Test
    void neverSucceedsByALookThatHasBecomeTooOldMeanwhile() throws Exception {
        CompletableFuture<Outcome<Boolean>> outcome = ask(new Question.Within(100), 20_000);
        wal(0, "0/100", SHOP);
        pass(150);
        answers.get(0).complete(true);

        assertThat(outcome).isNotDone();
        wal(1, "0/200", SHOP);
        answers.get(1).complete(true);

        assertThat(asked).containsExactly(token("0/100"), token("0/200"));
        assertThat(outcome.join())
                .isInstanceOfSatisfying(
                        Answered.class,
                        answered -> assertThat(answered.stalenessMillis().getAsLong())
                                .isLessThanOrEqualTo(100));
    }

    @Test
    void givesUpInsteadOfASuccessThatIsTooOld() throws Exception {
        CompletableFuture<Outcome<Boolean>> outcome = ask(new Question.Within(100), 0);
        wal(0, "0/100", SHOP);
        pass(150);
        answers.get(0).complete(true);

        assertUnavailable(outcome, "not known how stale");
    }

    @Test
    void returnsAnAnswerThatIsNoSuccessWithoutAskingAgain() {
        CompletableFuture<Outcome<Boolean>> outcome = ask(new Question.Within(100), 20_000);
        wal(0, "0/100", SHOP);
        answers.get(0).complete(false);

        assertThat(outcome.join())
                .isInstanceOfSatisfying(
                        Answered.class,
                        answered -> assertThat(answered.stalenessMillis()).isEmpty());
    }

    @Test
    void doesNotUseTheWalOfAnotherServer() {
        CompletableFuture<Outcome<Boolean>> outcome = ask(new Question.Now(), 1_000);
        wal(0, "0/100", OLD);

        assertUnavailable(outcome, "another server");
        assertThat(asked).isEmpty();
    }

    @Test
    void doesNotUseARememberedLookAtAnotherServer() {
        remember("0/100", OLD);

        assertThat(ask(new Question.Within(60_000), 0)).isNotDone();

        assertThat(asked).isEmpty();
        assertThat(readings).hasSize(2);
    }

    @Test
    void isUnavailableWhileTheDatabaseIsAway() throws Exception {
        CompletableFuture<Outcome<Boolean>> outcome = ask(new Question.Now(), 0);

        assertUnavailable(outcome, "Postgres did not return the end of its WAL in time");
        assertThatThrownBy(() -> readings.get(0).get(10, TimeUnit.SECONDS)) // just after the answer
                .as("no reader waits for it any more")
                .isInstanceOf(CancellationException.class);
    }

    @Test
    void isUnavailableWhileThisReplicaDoesNotServe() {
        watermarks.stopServing("away");

        assertUnavailable(ask(new Question.Now(), 1_000), "away");
        assertThat(readings).isEmpty();
    }

    @Test
    void letsInNoMoreLooksThanRequests() {
        assertThat(ask(new Question.Now(), 1_000)).isNotDone();

        assertThat(ask(new Question.Now(), 1_000).join())
                .isInstanceOfSatisfying(
                        NotAsked.class, not -> assertThat(not.why()).isInstanceOf(Answer.TooManyWaiters.class));
        wal(0, "0/100", SHOP);
        assertThat(ask(new Question.Now(), 1_000)).as("the look is over").isNotDone();
    }

    @Test
    void aCallerThatLeavesEndsTheLookAndTheWait() {
        CompletableFuture<Outcome<Boolean>> looking = ask(new Question.Now(), 1_000);
        looking.cancel(false);
        assertThat(readings.get(0)).isCancelled();

        CompletableFuture<Outcome<Boolean>> waiting = ask(new Question.Now(), 1_000);
        wal(1, "0/100", SHOP);
        waiting.cancel(false);
        assertThat(answers.get(0)).isCancelled();
    }

    private static void assertUnavailable(CompletableFuture<Outcome<Boolean>> outcome, String reason) {
        assertThat(outcome.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join())
                .isInstanceOfSatisfying(
                        NotAsked.class,
                        not -> assertThat(not.why())
                                .isInstanceOfSatisfying(
                                        Answer.Unavailable.class,
                                        unavailable ->
                                                assertThat(unavailable.reason()).contains(reason)));
    }
}
