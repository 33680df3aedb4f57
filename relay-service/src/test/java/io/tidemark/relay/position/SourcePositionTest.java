// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.position;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.account.CarriedDay;
import io.tidemark.relay.account.DayDigest;
import io.tidemark.relay.source.SourceIdentity;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SourcePositionTest {

    private static final SourceIdentity SOURCE = new SourceIdentity("7f3a9c21", "7434343434343434343", "shop", 3);
    private static final Instant TIME = Instant.parse("2026-01-02T03:04:05.678Z");

    @Test
    void carriesTheDayThatTheAuditCountsMostly() {
        CarriedDay carried = new CarriedDay(LocalDate.parse("2026-11-28"), new DayDigest(3, Long.MIN_VALUE));
        SourcePosition position = new SourcePosition(
                SOURCE, ResumePoint.after(Lsn.parse("1/0")), "a", TIME, Adoptions.NONE, Optional.of(carried));

        assertThat(SourcePosition.fromJson(position.toJson())).isEqualTo(position);
    }

    @Test
    void readsBackAWholePosition() {
        SourcePosition position =
                new SourcePosition(SOURCE, ResumePoint.after(Lsn.parse("16/B374D848")), "12@relay-1", TIME);

        assertThat(SourcePosition.fromJson(position.toJson())).isEqualTo(position);
        assertThat(text(position))
                .isEqualTo(
                        "{\"source\":\"7f3a9c21\",\"systemIdentifier\":\"7434343434343434343\",\"database\":\"shop\","
                                + "\"timeline\":3,\"commitLsn\":\"16/B374D848\",\"owner\":\"12@relay-1\","
                                + "\"time\":\"2026-01-02T03:04:05.678Z\"}");
    }

    @Test
    void readsBackAPositionInsideASplitTransaction() {
        SourcePosition first =
                new SourcePosition(SOURCE, ResumePoint.inside(Lsn.parse("1/0"), 0, Lsn.parse("0/F0")), "a", TIME);
        SourcePosition later =
                new SourcePosition(SOURCE, ResumePoint.inside(Lsn.parse("1/0"), 41, Lsn.parse("0/F0")), "a", TIME);

        assertThat(SourcePosition.fromJson(first.toJson())).isEqualTo(first);
        assertThat(SourcePosition.fromJson(later.toJson())).isEqualTo(later);
        assertThat(text(later)).contains("\"commitLsn\":\"1/0\",\"ordinal\":41,\"completeLsn\":\"0/F0\",");
    }

    @Test
    void remembersTheLastEventWhereThePositionIsBeyondIt() {
        SourcePosition position = new SourcePosition(
                SOURCE,
                ResumePoint.after(Lsn.parse("1/0")),
                Lsn.parse("0/F0"),
                "a",
                TIME,
                Adoptions.NONE,
                Optional.empty());

        assertThat(SourcePosition.fromJson(position.toJson())).isEqualTo(position);
        assertThat(text(position)).contains("\"commitLsn\":\"1/0\",\"lastEventLsn\":\"0/F0\",");
    }

    /** Older versions did not write this field. */
    @Test
    void takesThePositionForThatOfAnEventWhereNothingSaysOtherwise() {
        SourcePosition position = new SourcePosition(SOURCE, ResumePoint.after(Lsn.parse("1/0")), "a", TIME);

        assertThat(SourcePosition.fromJson(position.toJson()).lastEvent()).isEqualTo(Lsn.parse("1/0"));
    }

    @Test
    void remembersThatAPersonNamedTheLsn() {
        SourcePosition position = new SourcePosition(SOURCE, ResumePoint.adopted(Lsn.parse("1/0")), "a", TIME);

        assertThat(SourcePosition.fromJson(position.toJson())).isEqualTo(position);
        assertThat(text(position)).contains("\"commitLsn\":\"1/0\",\"adopted\":true,");
    }

    @Test
    void remembersWhatAdoptionsLeftOut() {
        Adoptions adoptions = Adoptions.NONE.another().leavingOut(Lsn.parse("0/10"), Lsn.parse("1/0"));
        SourcePosition position =
                new SourcePosition(SOURCE, ResumePoint.after(Lsn.parse("1/0")), "a", TIME, adoptions, Optional.empty());

        assertThat(SourcePosition.fromJson(position.toJson())).isEqualTo(position);
        assertThat(text(position)).contains("\"adoptions\":2,\"leftOut\":[[\"0/10\",\"1/0\"]],");
    }

    @Test
    void ignoresWhatALaterVersionMayAdd() {
        SourcePosition position = new SourcePosition(SOURCE, ResumePoint.after(Lsn.parse("1/0")), "a", TIME);
        String more = text(position).replace("{\"source\"", "{\"more\":[1],\"source\"");

        assertThat(SourcePosition.fromJson(more.getBytes(StandardCharsets.UTF_8)))
                .isEqualTo(position);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "rubbish",
                "[]",
                "{}",
                "{\"source\":1,\"systemIdentifier\":\"7\",\"database\":\"shop\",\"timeline\":3,\"commitLsn\":\"1/0\","
                        + "\"owner\":\"a\",\"time\":\"2026-01-02T03:04:05Z\"}",
                "{\"source\":\"s\",\"systemIdentifier\":\"7\",\"database\":\"shop\",\"timeline\":\"3\",\"commitLsn\":\"1/0\","
                        + "\"owner\":\"a\",\"time\":\"2026-01-02T03:04:05Z\"}",
                "{\"source\":\"s\",\"systemIdentifier\":\"7\",\"database\":\"shop\",\"timeline\":3,\"commitLsn\":\"1-0\","
                        + "\"owner\":\"a\",\"time\":\"2026-01-02T03:04:05Z\"}",
                "{\"source\":\"s\",\"systemIdentifier\":\"7\",\"database\":\"shop\",\"timeline\":3,\"commitLsn\":\"1/0\","
                        + "\"ordinal\":\"4\",\"owner\":\"a\",\"time\":\"2026-01-02T03:04:05Z\"}",
                "{\"source\":\"s\",\"systemIdentifier\":\"7\",\"database\":\"shop\",\"timeline\":3,\"commitLsn\":\"1/0\","
                        + "\"ordinal\":-1,\"owner\":\"a\",\"time\":\"2026-01-02T03:04:05Z\"}",
                "{\"source\":\"s\",\"systemIdentifier\":\"7\",\"database\":\"shop\",\"timeline\":3,\"commitLsn\":\"1/0\","
                        + "\"adoptions\":\"1\",\"owner\":\"a\",\"time\":\"2026-01-02T03:04:05Z\"}",
                "{\"source\":\"s\",\"systemIdentifier\":\"7\",\"database\":\"shop\",\"timeline\":3,\"commitLsn\":\"1/0\","
                        + "\"adoptions\":1,\"leftOut\":[[\"1/0\"]],\"owner\":\"a\",\"time\":\"2026-01-02T03:04:05Z\"}",
                "{\"source\":\"s\",\"systemIdentifier\":\"7\",\"database\":\"shop\",\"timeline\":3,\"commitLsn\":\"1/0\","
                        + "\"adopted\":\"yes\",\"owner\":\"a\",\"time\":\"2026-01-02T03:04:05Z\"}",
                "{\"source\":\"s\",\"systemIdentifier\":\"7\",\"database\":\"shop\",\"timeline\":3,\"commitLsn\":\"1/0\","
                        + "\"ordinal\":1,\"completeLsn\":\"0/F0\",\"adopted\":true,\"owner\":\"a\","
                        + "\"time\":\"2026-01-02T03:04:05Z\"}",
                "{\"source\":\"s\",\"systemIdentifier\":\"7\",\"database\":\"shop\",\"timeline\":3,\"commitLsn\":\"1/0\","
                        + "\"owner\":\"a\",\"time\":\"yesterday\"}"
            })
    void refusesWhatItDidNotWrite(String json) {
        assertThatThrownBy(() -> SourcePosition.fromJson(json.getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("tidemark.positions");
    }

    private static String text(SourcePosition position) {
        return new String(position.toJson(), StandardCharsets.UTF_8);
    }
}
