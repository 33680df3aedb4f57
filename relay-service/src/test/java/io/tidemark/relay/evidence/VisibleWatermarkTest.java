// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.evidence;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class VisibleWatermarkTest {

    private static final long DELAY = 1_000;

    private final VisibleWatermark watermark = new VisibleWatermark(DELAY);

    @Test
    void becomesVisibleOnceTheDelayHasPassedSinceItWasSeen() {
        watermark.see(new Lsn(10), 0);
        watermark.see(new Lsn(20), 500);

        assertThat(watermark.at(999, new Lsn(20))).isEqualTo(Lsn.ZERO);
        assertThat(watermark.at(1_000, new Lsn(20))).isEqualTo(new Lsn(10));
        assertThat(watermark.at(1_499, new Lsn(20))).isEqualTo(new Lsn(10));
        assertThat(watermark.at(1_500, new Lsn(20))).isEqualTo(new Lsn(20));
    }

    @Test
    void seeingItAgainDoesNotStartTheDelayAgain() {
        watermark.see(new Lsn(10), 0);
        watermark.see(new Lsn(10), 900);

        assertThat(watermark.at(1_000, new Lsn(10))).isEqualTo(new Lsn(10));
    }

    /** What is consumed again becomes visible again only later. */
    @Test
    void startsAgainWhereTheGroupHasGoneBack() {
        watermark.see(new Lsn(20), 0);
        assertThat(watermark.at(1_000, new Lsn(20))).isEqualTo(new Lsn(20));

        watermark.see(new Lsn(5), 1_100);
        assertThat(watermark.at(1_100, new Lsn(5))).isEqualTo(new Lsn(5));
        watermark.see(new Lsn(20), 1_200);

        assertThat(watermark.at(2_199, new Lsn(20))).isEqualTo(new Lsn(5));
        assertThat(watermark.at(2_200, new Lsn(20))).isEqualTo(new Lsn(20));
    }

    @Test
    void withoutADelayIsTheWatermarkItself() {
        VisibleWatermark immediate = new VisibleWatermark(0);
        immediate.see(new Lsn(10), 0);

        assertThat(immediate.at(0, new Lsn(10))).isEqualTo(new Lsn(10));
        assertThat(immediate.noted()).isZero();
    }

    @Test
    void forgetsWhatHasAnotherMeaning() {
        watermark.see(new Lsn(10), 0);
        assertThat(watermark.at(1_000, new Lsn(10))).isEqualTo(new Lsn(10));

        watermark.clear();

        assertThat(watermark.at(5_000, new Lsn(50))).isEqualTo(Lsn.ZERO);
    }

    /** Against a list of everything that was seen: never too early, and bounded. */
    @Test
    void isNeverEarlyWhateverIsSeen() {
        for (int seed = 0; seed < 100; seed++) {
            Random random = new Random(seed);
            VisibleWatermark noted = new VisibleWatermark(DELAY);
            NavigableMap<Long, Long> since =
                    new TreeMap<>(); // each watermark, and since when nothing below it was seen
            long now = 0;
            long current = 0;
            for (int step = 0; step < 2_000; step++) {
                now += random.nextInt(20);
                current = random.nextInt(200) == 0 ? random.nextLong(current + 1) : current + random.nextInt(3);
                long held = heldSince(since, current, now);
                since.tailMap(current, true).clear();
                since.put(current, held);
                noted.see(new Lsn(current), now);

                long visible = noted.at(now, new Lsn(current)).value();

                assertThat(visible == 0 || now - heldSince(since, visible, now) >= DELAY)
                        .as("seed %s: %s visible at %s", seed, visible, now)
                        .isTrue();
                assertThat(noted.noted()).isLessThan(70);
            }
        }
    }

    private static long heldSince(NavigableMap<Long, Long> since, long watermark, long otherwise) {
        return since.tailMap(watermark, true).values().stream()
                .mapToLong(Long::longValue)
                .min()
                .orElse(otherwise);
    }
}
