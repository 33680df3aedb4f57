// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.health;

import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Supplier;

/**
 * Whether this replica can answer watermark requests. It need not be active: otherwise a rollout would wait forever for
 * the new replica to become active. Publishing need not continue: a halted relay still answers.
 */
public final class Readiness {

    /** Longer than a takeover takes. During a takeover, no replica knows what is published. */
    private static final double STALE_SECONDS = 15;

    private final Supplier<OptionalDouble> viewAgeSeconds;
    private final Supplier<String> why;

    /**
     * Safe on any thread if the suppliers are.
     *
     * @param viewAgeSeconds since this replica last knew everything that is published; empty before the first time
     * @param why the reason, while it does not know
     */
    public Readiness(Supplier<OptionalDouble> viewAgeSeconds, Supplier<String> why) {
        this.viewAgeSeconds = viewAgeSeconds;
        this.why = why;
    }

    /** Why it is not ready; empty when ready. */
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
