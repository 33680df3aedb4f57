// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.it.harness.OpenApi;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.WatermarkStatus;
import io.tidemark.outbox.seal.TokenForm;
import io.tidemark.relay.group.GroupState;
import io.tidemark.relay.group.PartitionNeed;
import io.tidemark.relay.question.Outcome;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.timeline.JudgedToken;
import io.tidemark.relay.timeline.TimelineHistory;
import io.tidemark.relay.timeline.TokenJudge;
import io.tidemark.relay.watermark.Answer;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every possible answer as JSON: its status, its strict HTTP status, and its schema. */
class AnswerJsonTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Lsn LSN = Lsn.parse("A/1B2C4000");
    private static final Token TOKEN = Token.of("7f3a9c21", 1, LSN);
    private static final List<PartitionNeed> BEHIND = List.of(new PartitionNeed("outbox.order", 3, 7, 5));

    private static final SourceIdentity SHOP = new SourceIdentity("7f3a9c21", "71", "shop", 2);
    private static final AnswerJson ANSWERS = new AnswerJson(new SourcesJson(() -> Optional.of(SHOP), TokenForm.PLAIN));

    static Stream<Arguments> answers() {
        return Stream.of(
                Arguments.of(new Answer.Success(41, LSN, 8), "success", 200),
                Arguments.of(new Answer.SourceBehind(750, LSN), "timeout", 412),
                Arguments.of(new Answer.ProjectionBehind(750, LSN, BEHIND, 8), "timeout", 412),
                Arguments.of(new Answer.NotVisible("soon", 750, LSN, 8), "timeout", 412),
                Arguments.of(hopeless(GroupState.STALLED), "stalled", 412),
                Arguments.of(hopeless(GroupState.STOPPED), "stopped", 412),
                Arguments.of(hopeless(GroupState.REBUILDING), "rebuilding", 412),
                Arguments.of(new Answer.Refused(WatermarkStatus.FOREIGN, "other"), "foreign", 409),
                Arguments.of(new Answer.Ahead(LSN), "ahead", 409),
                Arguments.of(new Answer.Refused(WatermarkStatus.DIVERGED, "lost"), "diverged", 409),
                Arguments.of(new Answer.Refused(WatermarkStatus.EXPIRED, "gone"), "expired", 410),
                Arguments.of(new Answer.Refused(WatermarkStatus.UNKNOWN, "made again"), "unknown", 412));
    }

    private static Outcome<Answer> answered(Token token, Answer answer) {
        return new Outcome.Answered<>(token, answer, 41, OptionalLong.empty());
    }

    private static Answer hopeless(GroupState state) {
        return new Answer.NoProgress(state, "why", 3, LSN, BEHIND, 8);
    }

    @ParameterizedTest
    @MethodSource("answers")
    void matchesTheOpenApiDescription(Answer answer, String status, int strictly) throws IOException {
        Response leniently = ANSWERS.response("view", answered(TOKEN, answer), false);
        JsonNode body = JSON.valueToTree(leniently.getEntity());

        OpenApi.packaged().hold(body, "Answer");
        assertThat(body.path("status").asText()).isEqualTo(status);
        assertThat(leniently.getStatus()).isEqualTo(200);
        Response strict = ANSWERS.response("view", answered(TOKEN, answer), true);
        assertThat(strict.getStatus()).isEqualTo(strictly);
        assertThat(JSON.<JsonNode>valueToTree(strict.getEntity())).isEqualTo(body);
    }

    /** The write of one part was lost in a failover. Only the other part is kept. */
    @Test
    void namesTheLostPartOfATokenAndTheTokenToContinueWith() throws IOException {
        Token.Part lost = new Token.Part("7f3a9c21", 1, LSN);
        Token.Part fresh = new Token.Part("7f3a9c21", 2, Lsn.parse("A/1B2C5000"));
        Token asked = new Token(List.of(lost, fresh));
        JudgedToken judged =
                new TokenJudge("database", "7f3a9c21", 2, TimelineHistory.parse(2, "1\tA/1B2C3000\tx\n")).judge(asked);
        Answer answer = new Answer.Refused(
                WatermarkStatus.DIVERGED,
                "write-lost",
                "lost",
                Optional.of(judged),
                Optional.of(new Answer.Success(0, Lsn.parse("A/1B2C6000"), 3)));

        JsonNode body = JSON.valueToTree(
                ANSWERS.response("view", answered(asked, answer), false).getEntity());

        OpenApi.packaged().hold(body, "Answer");
        assertThat(body.path("status").asText()).isEqualTo("diverged");
        assertThat(body.path("token").asText()).isEqualTo(fresh.toString());
        assertThat(body.path("sources").findValuesAsText("part")).containsExactly(lost.toString(), fresh.toString());
        assertThat(body.path("sources").findValuesAsText("status")).containsExactly("diverged", "success");
        assertThat(body.path("sources").findValuesAsText("code")).containsExactly("write-lost", "caught-up");
        assertThat(body.path("sources").findValuesAsText("name")).containsExactly("shop", "shop");
        assertThat(body.path("sources").path(1).path("published").asText()).isEqualTo("A/1B2C6000");
    }

    /** Alone they are a problem. Beside other projections with an answer, they are {@code unknown}. */
    @Test
    void returnsUnknownWithAReasonBesideOtherAnswers() throws IOException {
        for (Answer none :
                List.of(new Answer.Unavailable("away"), new Answer.TooManyWaiters(2, "watermark.maxWaiters"))) {
            JsonNode beside = OpenApi.packaged().hold(ANSWERS.of("view", TOKEN, none), "AnswerBody");

            assertThat(beside.path("status").asText()).isEqualTo("unknown");
            assertThat(beside.path("reason").asText()).isNotEmpty();
            assertThat(AnswerJson.problem(none)).isNotEmpty();
        }
    }

    @Test
    void coversEveryAnswer() {
        Stream<Class<?>> tested = Stream.concat(
                answers().map(arguments -> arguments.get()[0].getClass()),
                Stream.of(Answer.Unavailable.class, Answer.TooManyWaiters.class));

        assertThat(tested.distinct().toList()).containsExactlyInAnyOrder(Answer.class.getPermittedSubclasses());
    }
}
