// SPDX-License-Identifier: Apache-2.0
package io.tidemark.outbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenTest {

    @Test
    void printsAsDocumented() {
        Token token = Token.of("7f3a9c21", 1, Lsn.parse("A/1B2C3D40"));

        assertThat(token).hasToString("tm1.7f3a9c21.1.0000000A1B2C3D40");
        assertThat(Token.parse(token.toString())).isEqualTo(token);
    }

    @Test
    void mergeKeepsTheLargerLsnOfOneSource() {
        Token early = Token.of("7f3a9c21", 1, Lsn.parse("0/10"));
        Token late = Token.of("7f3a9c21", 1, Lsn.parse("FFFFFFFF/0"));

        assertThat(early.merge(late)).isEqualTo(late);
        assertThat(late.merge(early)).isEqualTo(late);
    }

    @Test
    void mergeKeepsDifferentSourcesAndTimelines() {
        Token merged = Token.of("7f3a9c21", 1, Lsn.parse("0/10"))
                .merge(Token.of("00000001", 1, Lsn.parse("0/20")))
                .merge(Token.of("7f3a9c21", 2, Lsn.parse("0/5")));

        assertThat(merged)
                .hasToString("tm1.00000001.1.0000000000000020~tm1.7f3a9c21.1.0000000000000010"
                        + "~tm1.7f3a9c21.2.0000000000000005");
        assertThat(Token.parse(merged.toString())).isEqualTo(merged);
    }

    @Test
    void rejectsANinthSource() {
        Token eight = Token.of("00000000", 1, Lsn.ZERO);
        for (int i = 1; i < 8; i++) {
            eight = eight.merge(Token.of("0000000" + i, 1, Lsn.ZERO));
        }
        Token full = eight;

        assertThat(full.toString().length()).isLessThanOrEqualTo(Token.MAX_LENGTH);
        assertThatThrownBy(() -> full.merge(Token.of("0000000a", 1, Lsn.ZERO)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("9 sources");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ''                                   | empty
            tm1                                  | not of the form
            tm2.7f3a9c21.1.0000000A1B2C3D40      | version 'tm2'
            tm1.7F3A9C21.1.0000000A1B2C3D40      | source '7F3A9C21'
            tm1.7f3a9c2.1.0000000A1B2C3D40       | source '7f3a9c2'
            tm1.7f3a9c21.0.0000000A1B2C3D40      | timeline '0'
            tm1.7f3a9c21.9999999999.0000000A1B2C3D40 | timeline '9999999999'
            tm1.7f3a9c21.-1.0000000A1B2C3D40     | timeline '-1'
            tm1.7f3a9c21.1.A1B2C3D40             | LSN 'A1B2C3D40'
            tm1.7f3a9c21.1.0000000a1b2c3d40      | LSN '0000000a1b2c3d40'
            tm1.7f3a9c21.1.0000000A1B2C3D40~     | '' is not of the form
            """)
    void namesTheProblemOfAMalformedToken(String text, String complaint) {
        assertThatThrownBy(() -> Token.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("malformed token: ")
                .hasMessageContaining(complaint);
    }

    @Test
    void rejectsATooLongToken() {
        assertThatThrownBy(() -> Token.parse("x".repeat(513)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("513 characters");
    }
}
