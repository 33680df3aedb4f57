// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.guarantee;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** No relay reports that it publishes and is healthy for more than 30 s while events wait and it publishes nothing. */
public final class L3HealthTellsTheTruth {

    private static final long LIMIT_NANOS = Duration.ofSeconds(30).toNanos();
    /** After a gap between samples longer than this, the state in between is not known. */
    private static final long BLIND_NANOS = Duration.ofSeconds(5).toNanos();

    /**
     * One sample of one relay, while writers pause only briefly.
     *
     * @param head end of the durable WAL, read before {@code published}
     * @param claims whether it reported that it is active and healthy
     */
    public record Sample(long nanos, int relay, Lsn head, Lsn published, boolean claims) {}

    /** @param samples in the order in which they were taken */
    public void check(List<Sample> samples) {
        Map<Integer, Sample> first = new HashMap<>(); // the first sample since the last change
        Map<Integer, Sample> last = new HashMap<>();
        for (Sample sample : samples) {
            Sample since = first.get(sample.relay());
            Sample before = last.put(sample.relay(), sample);
            boolean goesOn = since != null
                    && before != null
                    && sample.claims()
                    && sample.published().equals(since.published())
                    && sample.nanos() - before.nanos() < BLIND_NANOS;
            if (!goesOn || since == null) {
                first.put(sample.relay(), sample);
            } else if (since.claims() && since.head().isAfter(since.published())) {
                assertThat(sample.nanos() - since.nanos())
                        .as(
                                "nanoseconds for which relay %d said that it publishes but stood at %s, with WAL up to %s",
                                sample.relay(), sample.published(), since.head())
                        .isLessThan(LIMIT_NANOS);
            }
        }
    }
}
