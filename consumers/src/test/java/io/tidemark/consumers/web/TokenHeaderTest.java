// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.web;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.seal.TokenForm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TokenHeaderTest {

    private static final Token OLD = Token.of("7f3a9c21", 1, Lsn.parse("A/1"));
    private static final Token NEW = Token.of("7f3a9c21", 1, Lsn.parse("A/2"));

    private static TokenHeader.Received read(String... lines) {
        return TokenHeader.read(Arrays.asList(lines), List.of(), TokenForm.PLAIN);
    }

    @Test
    void readsTheTokenOfTheHeader() {
        assertThat(read().token()).isEmpty();
        assertThat(read(" ").token()).isEmpty();
        assertThat(read(OLD + " ")).isEqualTo(new TokenHeader.Received(Optional.of(OLD), ""));
    }

    @Test
    void mergesAllLinesAndTokensJoinedWithCommas() {
        Token elsewhere = Token.of("00000001", 1, Lsn.parse("1/1"));

        assertThat(read(OLD.toString(), NEW.toString()).token()).contains(NEW);
        assertThat(read(NEW.toString(), OLD.toString()).token()).contains(NEW);
        assertThat(read(OLD + ", " + NEW + " ,").token()).contains(NEW);
        assertThat(read(OLD.toString(), elsewhere + "," + NEW).token()).contains(elsewhere.merge(NEW));
        assertThat(read(elsewhere.merge(OLD).toString(), NEW.toString()).token())
                .contains(elsewhere.merge(NEW));
    }

    @Test
    void readsTheOtherPartsBesideAnUnreadableOne() {
        TokenHeader.Received received = read("tm2.7f3a9c21.1.x.y~" + OLD, "garbage", NEW.toString());

        assertThat(received.token()).contains(NEW);
        assertThat(received.unreadable()).contains("tm2.7f3a9c21.1.x.y", "garbage");
        assertThat(received.refusal()).startsWith("header Tidemark-Token: malformed token");
        assertThat(read("tm9.x").token()).isEmpty();
    }

    /** As the relay's gate and the middleware in other languages. */
    @Test
    void joinsHeaderAndCookie() {
        Token elsewhere = Token.of("00000001", 1, Lsn.parse("1/1"));
        List<String> cookies = List.of(
                "theme=dark; Tidemark-Token=\"" + OLD + "%7E" + elsewhere + "\"; X-Tidemark-Token=x",
                "Tidemark-Token=" + NEW);

        assertThat(TokenHeader.read(List.of(), cookies, TokenForm.PLAIN).token())
                .contains(elsewhere.merge(NEW));
        assertThat(TokenHeader.read(List.of(NEW.toString()), cookies.subList(0, 1), TokenForm.PLAIN)
                        .token())
                .contains(elsewhere.merge(NEW));
        assertThat(TokenHeader.read(List.of(OLD.toString()), List.of("Tidemark-Token=rubbish"), TokenForm.PLAIN))
                .satisfies(received -> {
                    assertThat(received.token()).contains(OLD);
                    assertThat(received.unreadable())
                            .startsWith("cookie Tidemark-Token: ")
                            .contains("'rubbish'");
                });
    }

    @Test
    void readsATooLongHeaderUpToTheMaximumLengthOfAToken() {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < 2 * Token.MAX_SOURCES; i++) {
            lines.add(Token.of("000000%02d".formatted(i), 1, Lsn.parse("1/1")).toString());
        }
        TokenHeader.Received received = read(String.join("~", lines));

        assertThat(received.token())
                .hasValueSatisfying(token -> assertThat(token.parts()).hasSize(Token.MAX_SOURCES));
        assertThat(received.unreadable()).contains("sources").hasSizeLessThan(300);
    }

    @Test
    void keepsTheOlderWritesOfTheCaller() {
        Token elsewhere = Token.of("00000001", 1, Lsn.parse("1/1"));

        assertThat(TokenHeader.merge(Optional.of(OLD), Optional.of(NEW))).contains(NEW);
        assertThat(TokenHeader.merge(Optional.of(OLD), Optional.empty())).contains(OLD);
        assertThat(TokenHeader.merge(Optional.empty(), Optional.of(NEW))).contains(NEW);
        assertThat(TokenHeader.merge(Optional.of(elsewhere), Optional.of(NEW)))
                .hasValueSatisfying(token -> assertThat(token.parts()).hasSize(2));
    }

    @Test
    void keepsTheWrittenTokenIfTheRequestsTokenIsTooLong() {
        List<Token.Part> parts = new ArrayList<>();
        for (int i = 0; i < Token.MAX_SOURCES; i++) {
            parts.add(new Token.Part("0000000" + i, 1, Lsn.parse("1/1")));
        }

        assertThat(TokenHeader.merge(Optional.of(new Token(parts)), Optional.of(NEW)))
                .contains(NEW);
    }
}
