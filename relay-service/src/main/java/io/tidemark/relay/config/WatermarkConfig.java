// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.dropwizard.util.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Limits of the watermark endpoint.
 *
 * @param maxWait longer waits are cut to this
 * @param maxWaiters requests that may wait at the same time; more get 429
 * @param maxWaitersPerProjection those of them that may wait for the same projection, so that a slow one leaves room to
 *     the others
 */
public record WatermarkConfig(Duration maxWait, int maxWaiters, int maxWaitersPerProjection) {

    private static final int MAX_WAITERS = 10_000;

    static final WatermarkConfig DEFAULT = new WatermarkConfig(null, null, null);

    @JsonCreator
    public WatermarkConfig(
            @Nullable Duration maxWait, @Nullable Integer maxWaiters, @Nullable Integer maxWaitersPerProjection) {
        this(
                Checks.positive("watermark.maxWait", maxWait, Duration.seconds(30)),
                Checks.atLeastOne("watermark.maxWaiters", maxWaiters, MAX_WAITERS),
                Checks.atLeastOne(
                        "watermark.maxWaitersPerProjection",
                        maxWaitersPerProjection,
                        maxWaiters == null ? MAX_WAITERS : maxWaiters));
    }
}
