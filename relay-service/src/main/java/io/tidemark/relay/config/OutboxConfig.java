package io.tidemark.relay.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.dropwizard.util.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The table the events are read from, and how long its rows stay.
 *
 * @param preset which table and columns; {@code tidemark}, the one of our migrations, is the only one yet
 * @param retention rows stay so long after their {@code created_at}, and until they are published
 */
public record OutboxConfig(String preset, Duration retention) {

    static final OutboxConfig DEFAULT = new OutboxConfig(null, null);

    private static final String TIDEMARK = "tidemark";

    @JsonCreator
    public OutboxConfig(@Nullable String preset, @Nullable Duration retention) {
        this.preset = preset == null ? TIDEMARK : preset;
        this.retention = Checks.positive("outbox.retention", retention, Duration.hours(24));
        if (!this.preset.equals(TIDEMARK)) {
            throw new ConfigurationProblem("outbox.preset '" + preset + "' is not there yet; remove it, and use the"
                    + " outbox that tidemark init makes (preset tidemark)");
        }
    }
}
