// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import jakarta.ws.rs.WebApplicationException;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CookieAttributesTest {

    private static final Token TOKEN = Token.of("7f3a9c21", 1, new Lsn(1));

    @Test
    void replacesOrDeletesTheCookie() {
        assertThat(CookieAttributes.RECOMMENDED.replaceBy(Optional.of(TOKEN.toString())))
                .isEqualTo("Tidemark-Token=" + TOKEN + "; Path=/; HttpOnly; SameSite=Lax; Max-Age=300");
        assertThat(CookieAttributes.RECOMMENDED.replaceBy(Optional.empty()))
                .isEqualTo("Tidemark-Token=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            ''                                             | Path=/                                      | 300
            Secure                                         | Secure; Path=/                              | 300
            path=/shop;domain=example.com;max-age=60       | Path=/shop; Domain=example.com              | 60
            Path=/ ; Secure ; HttpOnly; SameSite=None; Partitioned; | Path=/; Secure; HttpOnly; SameSite=None; Partitioned | 300
            """)
    void readsTheAttributesOfTheApplication(String text, String attributes, String maxAge) {
        assertThat(CookieAttributes.parse(text)).isEqualTo(new CookieAttributes(attributes, maxAge));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Expires=never",
                "Path",
                "Path=shop",
                "Path=/\r\nX: y",
                "Path=/ü",
                "Domain=a b",
                "Domain=",
                "Max-Age=0",
                "Max-Age=5m",
                "SameSite=lax",
                "Secure=true",
                "Secure; secure",
                "=",
                "a=b"
            })
    void refusesWhatIsNoAttribute(String text) {
        assertThatThrownBy(() -> CookieAttributes.parse(text))
                .isInstanceOfSatisfying(
                        WebApplicationException.class,
                        refused -> assertThat(refused.getResponse().getStatus()).isEqualTo(400));
    }

    @Test
    void refusesALongText() {
        assertThatThrownBy(() -> CookieAttributes.parse("Path=/" + "a".repeat(300)))
                .isInstanceOfSatisfying(
                        WebApplicationException.class,
                        refused -> assertThat(
                                        String.valueOf(refused.getResponse().getEntity()))
                                .contains("306 characters, at most 256"));
    }
}
