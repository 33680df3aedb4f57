// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.consumers.RunnerSnapshot.Role;
import io.tidemark.consumers.RunnerSnapshot.State;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class RunnerSnapshotTest {

    private static RunnerSnapshot.Partition behind(OptionalLong lag) {
        return new RunnerSnapshot.Partition("t", 0, State.APPLYING, "", OptionalLong.of(5), lag);
    }

    private static OptionalLong lag(String reason, RunnerSnapshot.Partition... partitions) {
        return new RunnerSnapshot("v", 1, Role.READ, true, reason, Optional.empty(), List.of(partitions), 0, 0, 0)
                .lagRecords();
    }

    @Test
    void lagIsTheSumOverThePartitions() {
        assertThat(lag("", behind(OptionalLong.of(3)), behind(OptionalLong.of(4))))
                .hasValue(7);
        assertThat(lag("")).as("of a member that has no partition").hasValue(0);
    }

    @Test
    void lagIsEmptyIfItIsNotKnownForAPartition() {
        assertThat(lag("", behind(OptionalLong.of(3)), behind(OptionalLong.empty())))
                .isEmpty();
        assertThat(lag("Kafka is away")).isEmpty();
    }
}
