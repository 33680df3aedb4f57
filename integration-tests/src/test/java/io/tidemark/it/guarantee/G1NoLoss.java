// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.guarantee;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.it.harness.ReadEvent;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Every committed event becomes readable under {@code read_committed}. */
public final class G1NoLoss implements Guarantee {

    @Override
    public void check(Evidence evidence) {
        Set<String> read = evidence.read().stream().map(ReadEvent::id).collect(Collectors.toSet());

        List<?> lost = evidence.committed().stream()
                .filter(event -> !read.contains(event.id()))
                .toList();

        assertThat(lost).as("committed but not readable").isEmpty();
    }
}
