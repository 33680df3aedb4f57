// SPDX-License-Identifier: Apache-2.0
package io.tidemark.outbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LsnTest {

    @Test
    void readsAndPrintsBothForms() {
        Lsn lsn = Lsn.parse("16/B374D848");

        assertThat(lsn).hasToString("16/B374D848");
        assertThat(lsn.toFixedWidth()).isEqualTo("00000016B374D848");
        assertThat(Lsn.parseFixedWidth("00000016B374D848")).isEqualTo(lsn);
        assertThat(Lsn.parse("16/8")).hasToString("16/8");
    }

    @Test
    void comparesUnsigned() {
        Lsn aboveTheSignBit = Lsn.parse("80000000/0");

        assertThat(aboveTheSignBit.isAfter(Lsn.parse("7FFFFFFF/FFFFFFFF"))).isTrue();
        assertThat(Lsn.max(Lsn.ZERO, aboveTheSignBit)).isEqualTo(aboveTheSignBit);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "16", "16/", "/8", "g/1", "123456789/0", "16/B374D848 "})
    void rejectsTextsThatAreNotLsns(String text) {
        assertThatThrownBy(() -> Lsn.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + text + "'");
    }

    @Test
    void positionsSortLikeTheirStrings() {
        List<Position> ascending = List.of(
                new Position(1, Lsn.parse("0/FF"), 0),
                new Position(1, Lsn.parse("0/FF"), 1),
                new Position(1, Lsn.parse("0/FF"), 16),
                new Position(1, Lsn.parse("1/0"), 0),
                new Position(1, Lsn.parse("F0000000/0"), 0),
                new Position(2, Lsn.parse("0/1"), 0));

        assertThat(ascending).isSorted();
        assertThat(ascending.stream().map(Position::toString)).isSorted();
        assertThat(ascending)
                .allSatisfy(p -> assertThat(Position.parse(p.toString())).isEqualTo(p));
        assertThat(ascending.get(2)).hasToString("00000001/00000000000000FF/00000010");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "1/2/3",
                "00000001/00000000000000FF/0000000g",
                "00000000/00000000000000FF/00000000",
                "0000000100000000000000FF/00000000  "
            })
    void rejectsTextsThatAreNotPositions(String text) {
        assertThatThrownBy(() -> Position.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not a position: '" + text + "'");
    }
}
