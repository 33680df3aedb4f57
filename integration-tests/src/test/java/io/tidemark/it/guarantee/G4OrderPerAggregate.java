package io.tidemark.it.guarantee;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.TestSource.CommittedEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Events of one aggregate are in commit order, in one partition. */
public final class G4OrderPerAggregate implements Guarantee {

    @Override
    public void check(Evidence evidence) {
        Map<String, List<String>> committed = new HashMap<>();
        for (CommittedEvent event : evidence.committed()) {
            committed
                    .computeIfAbsent(event.aggregateId(), id -> new ArrayList<>())
                    .add(event.id());
        }
        Map<String, List<String>> read = new HashMap<>();
        Map<String, Set<String>> partitions = new HashMap<>();
        for (ReadEvent event : evidence.read()) {
            read.computeIfAbsent(event.key(), id -> new ArrayList<>()).add(event.id());
            partitions
                    .computeIfAbsent(event.topic() + " " + event.key(), id -> new HashSet<>())
                    .add(event.topic() + "-" + event.partition());
        }

        assertThat(partitions)
                .allSatisfy((aggregate, places) ->
                        assertThat(places).as("partitions of %s", aggregate).hasSize(1));
        committed.forEach((aggregate, ids) ->
                assertThat(read.get(aggregate)).as("order of %s", aggregate).isEqualTo(ids));
    }
}
