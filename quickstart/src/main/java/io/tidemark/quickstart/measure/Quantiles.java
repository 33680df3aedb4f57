package io.tidemark.quickstart.measure;

import java.util.Locale;

/**
 * What is usually said of durations.
 *
 * @param count of how many; when 0, the others are 0 and say nothing
 */
public record Quantiles(int count, double p50Millis, double p99Millis, double maxMillis) {

    @Override
    public String toString() {
        return count == 0
                ? "nothing to tell"
                : String.format(Locale.ROOT, "p50=%.2f ms p99=%.2f ms max=%.1f ms", p50Millis, p99Millis, maxMillis);
    }
}
