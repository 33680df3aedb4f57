// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.WatermarkStatus;
import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.config.PostgresConfig;
import io.tidemark.relay.config.ProjectionConfig;
import io.tidemark.relay.config.RouteConfig;
import io.tidemark.relay.config.WatermarkConfig;
import io.tidemark.relay.declared.WritableTopics;
import io.tidemark.relay.group.GroupOffsets;
import io.tidemark.relay.index.PublishedIndex;
import io.tidemark.relay.source.Nudges;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.timeline.TimelineHistory;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WatermarksTest {

    private static final SourceIdentity SHOP = new SourceIdentity("7f3a9c21", "71", "shop", 1);
    private static final SourceIdentity COPY = new SourceIdentity("7f3a9c21", "72", "shop", 1);
    private static final Token TOKEN = Token.of("7f3a9c21", 1, new Lsn(100));

    private final PublishedIndex index = new PublishedIndex();
    private final GroupOffsets groups = new GroupOffsets(new KafkaConfig("127.0.0.1:1", null, null, null));
    private final Nudges nudges = new Nudges(new SourceDatabase(
            new PostgresConfig("jdbc:postgresql://127.0.0.1:1/shop", "u", "p", null, null, null, null)));
    private final Watermarks watermarks = new Watermarks(
            List.of(new ProjectionConfig("view", "view", List.of("outbox.order"), null)),
            new WritableTopics(
                    List.of(new RouteConfig(RouteConfig.ANY, "outbox." + RouteConfig.PLACEHOLDER, null, null))),
            index,
            groups,
            nudges,
            new WatermarkConfig(null, 1, null));

    @AfterEach
    void close() {
        watermarks.close();
        nudges.close();
        groups.close();
    }

    /** A run whose session led to another server has cleared the index between the check and the start of serving. */
    @Test
    void doesNotServeADatabaseThatTheIndexIsNotAbout() {
        index.belongTo(COPY);

        watermarks.serve(SHOP, TimelineHistory.none(1));

        assertThat(watermarks.isServing()).isFalse();
        assertThat(watermarks.whyNotServing()).contains("another database");
    }

    @Test
    void answersNothingByAnIndexThatIsAboutAnotherDatabaseByNow() {
        index.belongTo(SHOP);
        watermarks.serve(SHOP, TimelineHistory.none(1));
        index.belongTo(COPY);

        assertThat(watermarks.ask("view", TOKEN, 10_000))
                .isCompletedWithValueMatching(answer -> answer instanceof Answer.Unavailable unavailable
                        && unavailable.reason().contains("another database"));
    }

    /** A question from before the index was cleared must not be answered by its later content. */
    @Test
    void answersNoRequestFromAnIndexThatWasClearedMeanwhile() {
        index.belongTo(SHOP);
        watermarks.serve(SHOP, TimelineHistory.none(1));
        CompletableFuture<Answer> asked = watermarks.ask("view", TOKEN, 300);
        index.belongTo(COPY);

        assertThat(asked.join())
                .isInstanceOfSatisfying(
                        Answer.Unavailable.class,
                        lost -> assertThat(lost.reason()).contains("another database"));
    }

    @Test
    void countsLooksAgainstTheLimit() {
        CompletableFuture<String> first = new CompletableFuture<>();
        Optional<CompletionStage<String>> looking = watermarks.reports().limited(() -> first);

        assertThat(looking).isPresent();
        assertThat(watermarks.reports().limited(CompletableFuture::new)).isEmpty();
        first.complete("done");
        assertThat(watermarks.reports().limited(() -> CompletableFuture.completedFuture("next")))
                .isPresent();
    }

    @Test
    void freesThePlaceOfALookThatThrows() {
        assertThatThrownBy(() -> watermarks.reports().limited(() -> {
                    throw new IllegalArgumentException("no projection");
                }))
                .isInstanceOf(IllegalArgumentException.class);

        assertThat(watermarks.reports().limited(() -> CompletableFuture.completedFuture("done")))
                .isPresent();
    }

    @Test
    void refusesAPartAndReturnsTheStatusOfTheOthers() {
        index.belongTo(SHOP);
        watermarks.serve(SHOP, TimelineHistory.none(1));

        Answer answer = watermarks
                .ask("view", TOKEN.merge(Token.of("00000000", 1, new Lsn(1))), 10_000)
                .join();

        assertThat(answer).isInstanceOfSatisfying(Answer.Refused.class, refused -> {
            assertThat(refused.status()).isEqualTo(WatermarkStatus.FOREIGN);
            assertThat(refused.others()).isPresent();
        });
    }
}
