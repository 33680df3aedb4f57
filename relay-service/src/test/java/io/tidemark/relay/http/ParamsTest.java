// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.ws.rs.WebApplicationException;
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
        assertThat(Params.waitMillis(text)).isEqualTo(millis);
    }

    @Test
    void isZeroWhenAbsent() {
        @Nullable String absent = null;

        assertThat(Params.waitMillis(absent)).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "750", "soon", "-1s", "1.5s", "99999999999999999999s", "2 parsecs"})
    void refusesInvalidDurations(String text) {
        assertThatThrownBy(() -> Params.waitMillis(text))
                .isInstanceOfSatisfying(WebApplicationException.class, refused -> {
                    assertThat(refused.getResponse().getStatus()).isEqualTo(400);
                    assertThat(String.valueOf(refused.getResponse().getEntity()))
                            .contains("wait '" + text + "'", "750ms");
                });
    }
}
