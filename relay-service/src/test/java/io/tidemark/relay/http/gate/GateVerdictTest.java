// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.WatermarkStatus;
import io.tidemark.relay.group.GroupState;
import io.tidemark.relay.watermark.Answer;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class GateVerdictTest {

    static Stream<Arguments> answers() {
        return Stream.of(
                Arguments.of(new Answer.SourceBehind(750, new Lsn(1)), "timeout", 503, "not published within 750 ms"),
                Arguments.of(
                        new Answer.ProjectionBehind(750, new Lsn(1), List.of(), 0),
                        "timeout",
                        503,
                        "not consumed within 750 ms"),
                Arguments.of(noProgress(GroupState.STALLED), "stalled", 503, "no commit for a minute"),
                Arguments.of(noProgress(GroupState.STOPPED), "stopped", 503, "no commit for a minute"),
                Arguments.of(noProgress(GroupState.REBUILDING), "rebuilding", 503, "no commit for a minute"),
                Arguments.of(new Answer.Refused(WatermarkStatus.UNKNOWN, "why"), "unknown", 503, "why"),
                Arguments.of(new Answer.Unavailable("just started"), "unavailable", 503, "just started"),
                Arguments.of(
                        new Answer.TooManyWaiters(5, "watermark.maxWaiters"), "busy", 503, "5 requests are waiting"),
                Arguments.of(new Answer.Ahead(new Lsn(1)), "ahead", 409, "beyond the end"),
                Arguments.of(new Answer.Refused(WatermarkStatus.DIVERGED, "why"), "diverged", 409, "why"),
                Arguments.of(new Answer.Refused(WatermarkStatus.FOREIGN, "why"), "foreign", 409, "why"),
                Arguments.of(new Answer.Refused(WatermarkStatus.EXPIRED, "why"), "expired", 410, "why"));
    }

    private static Answer noProgress(GroupState state) {
        return new Answer.NoProgress(state, "no commit for a minute", 0, new Lsn(1), List.of(), 0);
    }

    @ParameterizedTest
    @MethodSource("answers")
    void refusesIfAskedToFail(Answer answer, String status, int refusal, String reason) {
        Response response = GateVerdict.of("view", answer, true).toResponse(true, Optional.of("a=b"));

        assertThat(response.getStatus()).isEqualTo(refusal);
        assertThat(response.getHeaderString("Tidemark-Status")).isEqualTo(status);
        assertThat(response.getHeaderString("Set-Cookie")).isEqualTo("a=b");
        assertThat(response.getHeaderString("Content-Type")).isEqualTo("application/problem+json");
        assertThat(response.getHeaderString("Retry-After") != null).isEqualTo(refusal == 503);
        assertThat(response.getEntity().toString()).contains(reason, "\"status\":" + refusal);
    }

    @ParameterizedTest
    @MethodSource("answers")
    void passesOtherwiseAndSaysWhatItFound(Answer answer, String status) {
        Response response = GateVerdict.of("view", answer, true).toResponse(false, Optional.of("a=b"));

        assertThat(response.getStatus()).isEqualTo(200);
        assertThat(response.getHeaderString("Tidemark-Status")).isEqualTo(status);
        assertThat(response.getHeaderString("Set-Cookie")).isEqualTo("a=b");
        assertThat(response.hasEntity()).isFalse();
    }

    @Test
    void passesWithoutATokenAndWithSuccess() {
        GateVerdict success = GateVerdict.of("view", new Answer.Success(1, new Lsn(1), 1), true);

        for (boolean isStrict : new boolean[] {true, false}) {
            assertThat(success.toResponse(isStrict, Optional.empty()).getStatus())
                    .isEqualTo(200);
            assertThat(success.toResponse(isStrict, Optional.empty()).getHeaderString("Tidemark-Status"))
                    .isEqualTo("success");
            assertThat(GateVerdict.NONE.toResponse(isStrict, Optional.empty()).getStatus())
                    .isEqualTo(200);
        }
        assertThat(success.toResponse(true, Optional.empty()).getHeaderString("Set-Cookie"))
                .isNull();
    }

    @Test
    void refusesAnUnreadableTokenOnlyIfAskedToFail() {
        GateVerdict verdict = GateVerdict.unreadable("cookie Tidemark-Token: malformed token");

        assertThat(verdict.toResponse(true, Optional.empty()).getStatus()).isEqualTo(400);
        assertThat(verdict.toResponse(true, Optional.empty()).getEntity().toString())
                .contains("cookie Tidemark-Token: malformed token; send");
        assertThat(verdict.toResponse(false, Optional.empty()).getStatus()).isEqualTo(200);
        assertThat(verdict.toResponse(false, Optional.empty()).getHeaderString("Tidemark-Status"))
                .isEqualTo("unreadable");
    }
}
