package io.tidemark.relay.health;

import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Supplier;

/**
 * Whether this replica can answer for watermarks. Not whether it is active, or a rollout would wait for ever for the new
 * one to be; nor whether publishing goes on: a source that has halted still has answers.
 */
public final class Readiness {

    /** Longer than it takes a standby to take over, during which nobody knows what is published. */
    private static final double STALE_SECONDS = 15;

    private final Supplier<OptionalDouble> viewAgeSeconds;
    private final Supplier<String> why;

    /**
     * Safe on any thread, if these are.
     *
     * @param viewAgeSeconds since this replica last knew all that is published; empty before it first did
     * @param why it does not know, when it does not
     */
    public Readiness(Supplier<OptionalDouble> viewAgeSeconds, Supplier<String> why) {
        this.viewAgeSeconds = viewAgeSeconds;
        this.why = why;
    }

    /** Why it is not ready; empty when it is. */
    public Optional<String> whyNot() {
        OptionalDouble age = viewAgeSeconds.get();
        if (age.isEmpty()) {
            return Optional.of("what is published is not known yet: " + why.get());
        }
        return age.getAsDouble() <= STALE_SECONDS
                ? Optional.empty()
                : Optional.of(String.format(
                        Locale.ROOT,
                        "what is published has not been known for %.0f s: %s",
                        age.getAsDouble(),
                        why.get()));
    }
}
