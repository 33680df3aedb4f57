// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source.check;

import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.SourceNotReady;
import java.util.List;
import java.util.Optional;

/**
 * All that a look at the database has found in the way of capture; what only follows from something else is left out.
 *
 * @param problems but for the slot; in the order to mend them, each with its fix
 * @param identity empty when one of the problems keeps it from being read
 * @param slot what is wrong with the slot, for all that can be said without knowing what is published
 */
public record SourceFindings(
        List<SourceNotReady> problems, Optional<SourceIdentity> identity, Optional<SourceNotReady> slot) {

    public SourceFindings {
        problems = List.copyOf(problems);
    }

    /** The server is none that could be captured: nothing else of it matters. */
    static SourceFindings wrongServer(String why) {
        return new SourceFindings(List.of(new SourceNotReady(why)), Optional.empty(), Optional.empty());
    }

    /** @throws SourceNotReady the first problem, if there is any; the slot is not asked for */
    public SourceIdentity identityIfReady() throws SourceNotReady {
        if (!problems.isEmpty()) {
            throw problems.get(0);
        }
        return identity.orElseThrow(() -> new IllegalStateException("nothing is wrong, and the source is not known"));
    }
}
