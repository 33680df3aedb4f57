// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.measure;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LatenciesTest {

    private final Latencies latencies = new Latencies();

    private void add(int... millis) {
        IntStream.of(millis).forEach(duration -> latencies.add(TimeUnit.MILLISECONDS.toNanos(duration)));
    }

    @Test
    void returnsTheNearestRankInAnyOrder() {
        add(IntStream.rangeClosed(1, 5000).map(i -> 5001 - i).toArray()); // more than the initial capacity

        assertThat(latencies.quantiles()).isEqualTo(new Quantiles(5000, 2500, 4950, 5000));
    }

    @Test
    void returnsOneOfTheValuesAsQuantile() {
        add(7, 3);

        assertThat(latencies.quantiles()).isEqualTo(new Quantiles(2, 3, 7, 7));
    }

    @Test
    void returnsZerosWithoutValues() {
        assertThat(latencies.quantiles().count()).isZero();
        assertThat(latencies.toString()).isEqualTo("n=0 no measurements");
    }

    @Test
    void countsNegativeDurationsAsZero() {
        latencies.add(-1);

        assertThat(latencies.quantiles()).isEqualTo(new Quantiles(1, 0, 0, 0));
    }

    @Test
    void keepsTwoDecimals() {
        latencies.add(1_234_567);

        assertThat(latencies.quantiles().p50Millis()).isEqualTo(1.23);
    }
}
