// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.guarantee;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.it.harness.ReadEvent;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Each event is readable exactly once. */
public final class G3NoDuplicate implements Guarantee {

    @Override
    public void check(Evidence evidence) {
        Map<String, List<ReadEvent>> byId = evidence.read().stream().collect(Collectors.groupingBy(ReadEvent::id));

        byId.values().removeIf(copies -> copies.size() == 1);

        assertThat(byId).as("readable more than once").isEmpty();
    }
}
