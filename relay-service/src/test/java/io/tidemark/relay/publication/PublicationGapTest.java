// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.source.SlotState;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** The result at a start, depending on whether the publication matches the recorded one. */
class PublicationGapTest {

    private static final PublicationState BEFORE =
            new PublicationState("tidemark", "outbox.event", "tidemark", "1 700", "2 700", "", "3 690");
    private static final PublicationRecord RECORDED = new PublicationRecord(BEFORE, lsn(100));
    private static final Lsn HEAD = lsn(900);

    private static Lsn lsn(long value) {
        return new Lsn(value);
    }

    private static Optional<SlotState> slot(long confirmed) {
        return Optional.of(new SlotState(
                lsn(confirmed), lsn(50), "reserved", OptionalInt.empty(), OptionalLong.empty(), OptionalLong.empty()));
    }

    private static PublicationState changed(String publication, String relations, String root) {
        return new PublicationState("tidemark", "outbox.event", "tidemark", publication, relations, "", root);
    }

    private static Optional<PublicationGap> gap(PublicationState now, Optional<SlotState> slot) {
        return PublicationGap.since(
                Optional.of(RECORDED), new PublicationLook.Seen(now), slot, Optional.of(lsn(300)), HEAD);
    }

    @Test
    void isNoneWhenNothingWasChangedOrRecorded() {
        assertThat(gap(BEFORE, slot(200))).isEmpty();
        assertThat(PublicationGap.since(
                        Optional.empty(),
                        new PublicationLook.Seen(changed("9 999", "2 700", "3 690")),
                        slot(200),
                        Optional.of(lsn(300)),
                        HEAD))
                .isEmpty();
    }

    @Test
    void beginsAtTheSlotsConfirmedLsnAndNamesThePart() {
        assertThat(gap(changed("1 701", "2 700", "3 690"), slot(200))).hasValueSatisfying(gap -> {
            assertThat(gap.after()).isEqualTo(lsn(200));
            assertThat(gap.upTo()).isEqualTo(HEAD);
            assertThat(gap.reason())
                    .startsWith("publication tidemark was altered, or dropped and made again. ")
                    .contains("(0/C8, 0/384]", "tidemark audit CONFIG", "tidemark adopt CONFIG");
        });
        assertThat(gap(changed("1 700", "2 701", "3 690"), slot(200))
                        .orElseThrow()
                        .reason())
                .startsWith("the tables of publication tidemark");
        assertThat(gap(changed("1 700", "2 700", "3 701"), slot(200))
                        .orElseThrow()
                        .reason())
                .startsWith("table outbox.event was made again");
    }

    /** The slot is confirmed beyond what is published: the range between was never checked. */
    @Test
    void beginsAtTheRecordedLsnWhenTheSlotIsAnotherOneOrGone() {
        PublicationState now = changed("1 701", "2 700", "3 690");

        assertThat(gap(now, slot(800)).orElseThrow().after()).isEqualTo(lsn(100));
        assertThat(gap(now, Optional.empty()).orElseThrow().after()).isEqualTo(lsn(100));
    }

    @Test
    void namesBothConfigurations() {
        assertThat(PublicationGap.ofOtherConfiguration(RECORDED, "tidemark", "outbox.event", HEAD))
                .isEmpty();
        assertThat(PublicationGap.ofOtherConfiguration(RECORDED, "second", "public.outbox", HEAD)
                        .orElseThrow()
                        .reason())
                .contains(
                        "postgres.slot is second, but this source was published from slot tidemark",
                        "the outbox table is public.outbox, but this source was published from outbox.event");
    }

    @Test
    void isReadBackAsItWasRecorded() {
        assertThat(PublicationRecord.fromJson(RECORDED.toJson())).isEqualTo(RECORDED);
        assertThatThrownBy(() -> PublicationRecord.fromJson("{}".getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is not a publication");
    }
}
