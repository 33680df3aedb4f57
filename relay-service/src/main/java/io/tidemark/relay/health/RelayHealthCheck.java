package io.tidemark.relay.health;

import com.codahale.metrics.health.HealthCheck;
import java.util.Locale;

/** Healthy while capturing, or ready to; otherwise it says why not. On the admin port. */
public final class RelayHealthCheck extends HealthCheck {

    private final RelayState state;

    public RelayHealthCheck(RelayState state) {
        this.state = state;
    }

    @Override
    protected Result check() {
        RelayState.Snapshot now = state.snapshot();
        String phase = now.phase().name().toLowerCase(Locale.ROOT);
        return switch (now.phase()) {
            case RUNNING, STANDBY -> Result.healthy(phase);
            default -> Result.unhealthy(phase + " since " + now.since() + ": " + now.reason());
        };
    }
}
