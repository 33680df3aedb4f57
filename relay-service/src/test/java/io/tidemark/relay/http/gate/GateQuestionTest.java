// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dropwizard.util.Duration;
import jakarta.ws.rs.WebApplicationException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GateQuestionTest {

    private static GateQuestion parse(@Nullable String query) {
        return GateQuestion.parse(
                query,
                (wait, millis) -> wait == null
                        ? Long.parseLong(millis == null ? "0" : millis)
                        : Duration.parse(wait).toMilliseconds());
    }

    @Test
    void passesAtOnceByDefault() {
        GateQuestion asked = parse(null);

        assertThat(asked).isEqualTo(new GateQuestion(0, false, CookieAttributes.RECOMMENDED));
        assertThat(parse("")).isEqualTo(asked);
        assertThat(parse("&")).isEqualTo(asked);
    }

    @ParameterizedTest
    @CsvSource({
        "wait=750ms, 750, false",
        "waitMillis=750, 750, false",
        "waitMillis=0, 0, false",
        "wait=2s&otherwise=pass, 2000, false",
        "otherwise=fail&wait=2s, 2000, true",
        "%77ait=2%73&otherwise=f%61il, 2000, true"
    })
    void readsTheSettingsOfTheProxy(String query, long waitMillis, boolean isStrict) {
        assertThat(parse(query)).isEqualTo(new GateQuestion(waitMillis, isStrict, CookieAttributes.RECOMMENDED));
    }

    /** Envoy appends the client's path and query. */
    @ParameterizedTest
    @CsvSource({
        "wait=2s&otherwise=fail&path=/orders/7",
        "wait=2s&otherwise=fail&path=/orders?otherwise=pass&wait=1h",
        "wait=2s&otherwise=fail&path=//%2F%zz?&&&wait&path=&otherwise=pass",
        "wait=2s&otherwise=fail&path="
    })
    void ignoresEverythingThatTheClientWrites(String query) {
        assertThat(parse(query)).isEqualTo(new GateQuestion(2000, true, CookieAttributes.RECOMMENDED));
        assertThat(parse("path=/orders?otherwise=fail").isStrict()).isFalse();
    }

    @Test
    void readsTheAttributesOfTheCookie() {
        assertThat(parse("cookie=Path=/shop;Secure").cookie()).isEqualTo(CookieAttributes.parse("Path=/shop; Secure"));
        assertThat(parse("cookie=Path%3D%2Fshop%3B+Secure").cookie())
                .isEqualTo(CookieAttributes.parse("Path=/shop; Secure"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            otherwise=stop              | otherwise 'stop' is neither pass nor fail
            otherwise                   | otherwise '' is neither pass nor fail
            Otherwise=fail              | query parameter 'Otherwise' is not known here; known: cookie, otherwise, wait, waitMillis
            token=tm1                   | query parameter 'token' is not known here
            wait=1s&wait=2s             | query parameter 'wait' is given twice
            otherwise=%zz               | '%' without two hex digits
            cookie=Path                 | value '' of Path is not valid
            Path=/orders                | query parameter 'Path' is not known here
            xpath=/orders               | query parameter 'xpath' is not known here
            """)
    void refusesWhatItDoesNotKnow(String query, String detail) {
        assertThatThrownBy(() -> parse(query)).isInstanceOfSatisfying(WebApplicationException.class, refused -> {
            assertThat(refused.getResponse().getStatus()).isEqualTo(400);
            assertThat(String.valueOf(refused.getResponse().getEntity())).contains(detail);
        });
    }
}
