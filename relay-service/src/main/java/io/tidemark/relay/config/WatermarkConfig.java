// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.dropwizard.util.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Limits of the watermark endpoint.
 *
 * @param maxWait maximum wait; longer ones are shortened to this
 * @param maxWaiters maximum number of requests that wait at the same time; further ones get 429
 * @param maxWaitersPerProjection maximum number of these that wait for the same projection, so that a slow one leaves
 *     room for the others
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
