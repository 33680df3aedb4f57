// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console.view;

import java.util.Locale;

/** How much a statement should worry a person, in ascending order. */
enum Level {
    FINE,
    /** Nobody knows. Never shown as fine. */
    UNKNOWN,
    WARNING,
    BAD;

    Level orWorse(Level other) {
        return compareTo(other) >= 0 ? this : other;
    }

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
