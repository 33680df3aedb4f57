// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source.check;

import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.SourceNotReady;
import java.util.List;
import java.util.Optional;

/**
 * Everything that a check of the database found to prevent capture. Leaves out findings that only follow from another
 * one.
 *
 * @param problems all but those of the slot; in the order to fix them, each with its fix
 * @param identity empty when one of the problems prevents reading it
 * @param slot the problem of the slot, as far as it can be judged without knowing what is published
 */
public record SourceFindings(
        List<SourceNotReady> problems, Optional<SourceIdentity> identity, Optional<SourceNotReady> slot) {

    public SourceFindings {
        problems = List.copyOf(problems);
    }

    /** The server cannot be captured at all, so nothing else about it matters. */
    static SourceFindings wrongServer(String why) {
        return new SourceFindings(List.of(new SourceNotReady(why)), Optional.empty(), Optional.empty());
    }

    /** @throws SourceNotReady the first problem, if there is any; the slot is not checked */
    public SourceIdentity identityIfReady() throws SourceNotReady {
        if (!problems.isEmpty()) {
            throw problems.get(0);
        }
        return identity.orElseThrow(() -> new IllegalStateException("nothing is wrong, and the source is not known"));
    }
}
