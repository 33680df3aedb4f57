// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.measure;

import java.util.Locale;

/**
 * The usual quantiles of durations.
 *
 * @param count number of durations; if 0, the others are 0 and have no meaning
 */
public record Quantiles(int count, double p50Millis, double p99Millis, double maxMillis) {

    @Override
    public String toString() {
        return count == 0
                ? "no measurements"
                : String.format(Locale.ROOT, "p50=%.2f ms p99=%.2f ms max=%.1f ms", p50Millis, p99Millis, maxMillis);
    }
}
