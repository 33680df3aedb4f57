// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.guarantee;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.TestSource.CommittedEvent;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Events of one aggregate are in commit order, in one partition; where a topic gets one more, the key may move once. */
public final class G4OrderPerAggregate implements Guarantee {

    @Override
    public void check(Evidence evidence) {
        Map<String, List<String>> committed = new HashMap<>();
        for (CommittedEvent event : evidence.committed()) {
            committed
                    .computeIfAbsent(event.aggregateId(), id -> new ArrayList<>())
                    .add(event.id());
        }
        Map<String, Map<String, Map<Integer, List<String>>>> read = new HashMap<>();
        for (ReadEvent event : evidence.read()) {
            read.computeIfAbsent(event.key(), id -> new HashMap<>())
                    .computeIfAbsent(event.topic(), topic -> new HashMap<>())
                    .computeIfAbsent(event.partition(), partition -> new ArrayList<>())
                    .add(event.id());
        }

        read.forEach((aggregate, topics) -> topics.forEach((topic, places) -> assertThat(places.keySet())
                .as("partitions of %s in %s", aggregate, topic)
                .hasSizeLessThanOrEqualTo(1 + evidence.addedPartitions())));
        committed.forEach((aggregate, ids) -> checkOrder(
                aggregate,
                ids,
                read.getOrDefault(aggregate, Map.of()).values().stream()
                        .map(Map::values)
                        .flatMap(Collection::stream)
                        .toList()));
    }

    private static void checkOrder(String aggregate, List<String> committed, List<List<String>> places) {
        for (List<String> place : places) {
            Set<String> here = new HashSet<>(place);
            assertThat(place)
                    .as("order of %s", aggregate)
                    .isEqualTo(committed.stream().filter(here::contains).toList());
        }
        assertThat(places.stream().flatMap(List::stream).sorted().toList())
                .as("events of %s", aggregate)
                .isEqualTo(committed.stream().sorted().toList());
    }
}
