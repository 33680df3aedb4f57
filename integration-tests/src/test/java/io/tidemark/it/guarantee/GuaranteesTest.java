// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.guarantee;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.it.guarantee.G11AccountedFor.Rows;
import io.tidemark.it.guarantee.L1Recovers.Recovery;
import io.tidemark.it.guarantee.L3HealthTellsTheTruth.Sample;
import io.tidemark.it.guarantee.WatermarkEvidence.Success;
import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.TestSource.CommittedEvent;
import io.tidemark.outbox.EventHeaders;
import io.tidemark.outbox.Lsn;
import io.tidemark.relay.watermark.Answer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A check that cannot fail is useless. So each check that does not fail in fault runs must fail here. */
class GuaranteesTest {

    private static final Answer.Unavailable NO = new Answer.Unavailable("halted");
    private static final long HEAD = 200;

    private static List<Sample> everySecond(int seconds, long published, boolean claims) {
        List<Sample> samples = new ArrayList<>();
        for (int second = 0; second <= seconds; second++) {
            samples.add(new Sample(
                    Duration.ofSeconds(second).toNanos(), 0, new Lsn(HEAD + second), new Lsn(published), claims));
        }
        return samples;
    }

    @Test
    void relayThatReportsPublishingButDoesNotPublishBreaksL3() {
        L3HealthTellsTheTruth l3 = new L3HealthTellsTheTruth();

        assertThatThrownBy(() -> l3.check(everySecond(31, 100, true))).hasMessageContaining("relay 0 said");

        assertThatCode(() -> l3.check(everySecond(29, 100, true))).doesNotThrowAnyException();
        assertThatCode(() -> l3.check(everySecond(60, 100, false))).doesNotThrowAnyException();
        assertThatCode(() -> l3.check(everySecond(60, HEAD, true)))
                .as("no events waited at the beginning")
                .doesNotThrowAnyException();
        List<Sample> moves = everySecond(60, 100, true);
        moves.set(29, new Sample(moves.get(29).nanos(), 0, new Lsn(HEAD), new Lsn(101), true));
        moves.set(30, new Sample(moves.get(30).nanos(), 0, new Lsn(HEAD), new Lsn(102), true));
        assertThatCode(() -> l3.check(moves)).doesNotThrowAnyException();
        List<Sample> blind = everySecond(60, 100, true);
        blind.subList(20, 32).clear();
        assertThatCode(() -> l3.check(blind)).as("no samples meanwhile").doesNotThrowAnyException();
    }

    @Test
    void slowRecoveryBreaksL1() {
        L1Recovers l1 = new L1Recovers(Duration.ofSeconds(10));

        assertThatThrownBy(() -> l1.check(List.of(new Recovery("kill", Duration.ofSeconds(11)))))
                .hasMessageContaining("recovery from kill");
        assertThatCode(() -> l1.check(List.of(new Recovery("kill", Duration.ofSeconds(9)))))
                .doesNotThrowAnyException();
    }

    @Test
    void slowTokensBreakL2() {
        List<Duration> half = new ArrayList<>(Collections.nCopies(4, Duration.ofMillis(5)));
        half.addAll(Collections.nCopies(5, Duration.ofSeconds(1)));

        assertThatThrownBy(() -> new L2IdleTokenResolves().check(half)).isInstanceOf(AssertionError.class);
        assertThatCode(() -> new L2IdleTokenResolves().check(half.subList(0, 6)))
                .doesNotThrowAnyException();
    }

    @Test
    void publishingOrSuccessOrNoReasonWhileHaltedBreaksG10() {
        G10FailsClosed g10 = new G10FailsClosed();
        Answer success = new Answer.Success(0, Lsn.ZERO, 0);

        assertThatCode(() -> g10.check(new HaltEvidence("slot lost", List.of("a"), List.of("a"), NO)))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> g10.check(new HaltEvidence("slot lost", List.of("a"), List.of("a", "b"), NO)))
                .isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> g10.check(new HaltEvidence("slot lost", List.of(), List.of(), success)))
                .isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> g10.check(new HaltEvidence("", List.of(), List.of(), NO)))
                .isInstanceOf(AssertionError.class);
    }

    @Test
    void deletedOrUnnamedRowBreaksG11() {
        G11AccountedFor g11 = new G11AccountedFor();
        List<String> both = List.of("read", "lost");

        assertThatCode(() -> g11.check(new Rows(both, Set.of("read"), Set.of("lost"), Set.of("lost"))))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> g11.check(new Rows(both, Set.of("read"), Set.of("lost"), Set.of("read"))))
                .hasMessageContaining("deleted and not in Kafka");
        assertThatThrownBy(() -> g11.check(new Rows(both, Set.of("read"), Set.of(), Set.of("lost"))))
                .hasMessageContaining("nor named by the audit");
        assertThatThrownBy(() -> g11.check(new Rows(both, Set.of("read", "lost"), Set.of("lost"), Set.of("lost"))))
                .hasMessageContaining("named as missing and readable");
    }

    private static ReadEvent at(int partition, long offset, String id) {
        return new ReadEvent("order", partition, offset, 0, "a", null, Map.of(EventHeaders.ID, id));
    }

    private static CommittedEvent committed(String id, long lsn) {
        return new CommittedEvent(id, "a", new Lsn(lsn), 0);
    }

    @Test
    void aKeyThatMovesBreaksG4UnlessThePartitionsBecameMore() {
        G4OrderPerAggregate g4 = new G4OrderPerAggregate();
        List<CommittedEvent> committed = List.of(committed("1", 10), committed("2", 20), committed("3", 30));
        List<ReadEvent> moved = List.of(at(0, 0, "1"), at(0, 1, "2"), at(1, 0, "3"));
        List<ReadEvent> swapped = List.of(at(0, 0, "2"), at(0, 1, "1"), at(1, 0, "3"));

        assertThatCode(() -> g4.check(new Evidence(committed, moved, 1))).doesNotThrowAnyException();
        assertThatThrownBy(() -> g4.check(new Evidence(committed, moved))).hasMessageContaining("partitions of a");
        assertThatThrownBy(() -> g4.check(new Evidence(committed, swapped, 1))).hasMessageContaining("order of a");
        assertThatThrownBy(() -> g4.check(new Evidence(committed, moved.subList(0, 2), 1)))
                .hasMessageContaining("events of a");
    }

    @Test
    void anEventThatWasNotGivenUpBreaksG7() {
        G7SoundWatermark g7 = new G7SoundWatermark();
        List<CommittedEvent> committed = List.of(committed("1", 10));
        List<Success> successes = List.of(new Success(new Lsn(10), Optional.of("2"), 100));
        Map<String, Long> nothing = Map.of();

        assertThatThrownBy(() -> g7.check(new WatermarkEvidence(committed, nothing, successes, List.of())))
                .hasMessageContaining("success too early");
        assertThatCode(() -> g7.check(new WatermarkEvidence(
                        committed, nothing, successes, List.of(), (event, success) -> success.givenNanos() > 99)))
                .doesNotThrowAnyException();
    }
}
