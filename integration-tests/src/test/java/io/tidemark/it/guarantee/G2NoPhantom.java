// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.guarantee;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.it.harness.TestSource.CommittedEvent;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** A rolled-back event is never readable. */
public final class G2NoPhantom implements Guarantee {

    @Override
    public void check(Evidence evidence) {
        Set<String> committed =
                evidence.committed().stream().map(CommittedEvent::id).collect(Collectors.toSet());

        List<?> phantoms = evidence.read().stream()
                .filter(event -> !committed.contains(event.id()))
                .toList();

        assertThat(phantoms).as("readable but never committed").isEmpty();
    }
}
