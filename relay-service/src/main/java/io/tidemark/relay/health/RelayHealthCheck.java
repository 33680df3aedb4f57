// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.health;

import com.codahale.metrics.health.HealthCheck;
import java.util.Locale;

/** Healthy while the relay captures or is ready to capture; otherwise returns the reason. On the admin port. */
public final class RelayHealthCheck extends HealthCheck {

    /** Maximum time for one turn of the loop, which normally turns several times a second. */
    private static final long STALLED_SECONDS = 20;

    private final RelayState state;

    public RelayHealthCheck(RelayState state) {
        this.state = state;
    }

    @Override
    protected Result check() {
        RelayState.Snapshot now = state.snapshot();
        long stalledSeconds = state.stalledSeconds();
        if (stalledSeconds >= STALLED_SECONDS) {
            return Result.unhealthy("the publishing loop has made no progress for " + stalledSeconds + " s");
        }
        String phase = now.phase().name().toLowerCase(Locale.ROOT);
        return switch (now.phase()) {
            case RUNNING ->
                now.reason() == null
                        ? Result.healthy(phase)
                        : Result.unhealthy(phase + " without progress since " + now.since() + ": " + now.reason());
            case STANDBY -> Result.healthy(phase);
            default ->
                Result.unhealthy(phase + " since " + now.since() + (now.reason() == null ? "" : ": " + now.reason()));
        };
    }
}
