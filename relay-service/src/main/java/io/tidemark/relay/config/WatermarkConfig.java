package io.tidemark.relay.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.dropwizard.util.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Limits of the watermark endpoint.
 *
 * @param maxWait longer waits are cut to this
 * @param maxWaiters requests that may wait at the same time; more get 429
 */
public record WatermarkConfig(Duration maxWait, int maxWaiters) {

    static final WatermarkConfig DEFAULT = new WatermarkConfig(null, (Integer) null);

    @JsonCreator
    public WatermarkConfig(@Nullable Duration maxWait, @Nullable Integer maxWaiters) {
        this(
                Checks.positive("watermark.maxWait", maxWait, Duration.seconds(30)),
                Checks.atLeastOne("watermark.maxWaiters", maxWaiters, 10_000));
    }
}
