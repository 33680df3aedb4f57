// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.seal.TokenForm;
import io.tidemark.relay.question.Question;
import jakarta.ws.rs.WebApplicationException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ParamsTest {

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "0s, 0",
        "750ms, 750",
        "2s, 2000",
        "1m, 60000",
        "23h, 82800000",
        "24h, 86400000",
        "25h, 86400000",
        "9223372036854775807d, 86400000"
    })
    void readsANumberWithItsUnitAndCutsAtADay(String text, long millis) {
        assertThat(Params.waitMillis(text, null)).isEqualTo(millis);
    }

    @Test
    void isZeroWhenAbsent() {
        @Nullable String absent = null;

        assertThat(Params.waitMillis(absent, absent)).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "750", "soon", "-1s", "1.5s", "99999999999999999999s", "2 parsecs"})
    void refusesInvalidDurations(String text) {
        assertThatThrownBy(() -> Params.waitMillis(text, null))
                .isInstanceOfSatisfying(WebApplicationException.class, refused -> {
                    assertThat(refused.getResponse().getStatus()).isEqualTo(400);
                    assertThat(String.valueOf(refused.getResponse().getEntity()))
                            .contains("wait '" + text + "'", "750ms");
                });
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "750, 750", "86400001, 86400000", "9223372036854775807, 86400000"})
    void readsPlainMilliseconds(String text, long millis) {
        assertThat(Params.waitMillis(null, text)).isEqualTo(millis);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            1s   | 5  | wait and waitMillis are both given
                 | 5s | waitMillis '5s' is not a whole number of milliseconds
                 | -1 | waitMillis '-1' is not a whole number of milliseconds
                 | 01 | waitMillis '01' is not a whole number of milliseconds
            """)
    void refusesTwoFormsAtOnceAndMillisecondsThatAreNone(@Nullable String wait, String millis, String detail) {
        assertRefused(() -> Params.waitMillis(wait, millis), detail);
    }

    @Test
    void readsATokenNowOrAStaleness() {
        Token token = Token.of("7f3a9c21", 1, new Lsn(1));

        assertThat(Params.question(TokenForm.PLAIN, token.toString(), null, null))
                .contains(new Question.OfToken(token));
        assertThat(Params.question(TokenForm.PLAIN, "now", null, null)).contains(new Question.Now());
        assertThat(Params.question(TokenForm.PLAIN, null, "5s", null)).contains(new Question.Within(5_000));
        assertThat(Params.question(TokenForm.PLAIN, null, null, "5000")).contains(new Question.Within(5_000));
        assertThat(Params.question(TokenForm.PLAIN, null, null, null)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            now | 5s   |    | token and maxStaleness exclude each other
                | 99ms |    | it must be 100ms or more
                |      | 99 | it must be 100ms or more
                | 0    |    | ask with token=now
                | 5s   | 9  | maxStaleness and maxStalenessMillis are both given
            NOW |      |    | malformed token
                | soon |    | maxStaleness 'soon' is not a duration
            """)
    void refusesAQuestionThatIsNone(
            @Nullable String token, @Nullable String staleness, @Nullable String millis, String detail) {
        assertRefused(() -> Params.question(TokenForm.PLAIN, token, staleness, millis), detail);
    }

    @Test
    void isStrictUnlessToldOtherwise() {
        assertThat(Params.strict(null)).isTrue();
        assertThat(Params.strict("false")).isFalse();
        assertRefused(() -> Params.strict("no"), "strict 'no' is neither true nor false");
    }

    private static void assertRefused(ThrowingCallable parse, String detail) {
        assertThatThrownBy(parse).isInstanceOfSatisfying(WebApplicationException.class, refused -> {
            assertThat(refused.getResponse().getStatus()).isEqualTo(400);
            assertThat(String.valueOf(refused.getResponse().getEntity()))
                    .contains(detail, "\"code\":\"", "\"type\":\"/v1/problems/");
        });
    }
}
