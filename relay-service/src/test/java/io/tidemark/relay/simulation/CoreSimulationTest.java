// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The real publishing loop, with filter, position, takeover and watermark, under crashes, fencing and late messages:
 * millions of steps in seconds. Repeat a seed with {@code -Dsimulation.seed=N -Dsimulation.worlds=1}.
 */
class CoreSimulationTest {

    private static final long FIRST_SEED = Long.getLong("simulation.seed", 1);
    private static final int WORLDS = Integer.getInteger("simulation.worlds", 600);
    private static final int STEPS = 2000;
    private static final int SEEDS_FOR_A_BUG = 10;

    @TempDir
    private Path spillDirectory = Path.of("");

    private int deletedDays;

    /** The violation in this world, if there is one. An exception of the core itself also counts. */
    private Optional<String> violation(long seed, Bug bug) {
        try {
            World world = new World(seed, bug, spillDirectory);
            world.live(STEPS);
            deletedDays += world.deletedDays();
            return Optional.empty();
        } catch (Violation | IllegalStateException | IllegalArgumentException e) {
            return Optional.of(e + " (-Dsimulation.seed=" + seed + " -Dsimulation.worlds=1)");
        }
    }

    @Test
    void keepsEveryGuarantee() {
        for (long seed = FIRST_SEED; seed < FIRST_SEED + WORLDS; seed++) {
            assertThat(violation(seed, Bug.NONE)).isEmpty();
        }
        assertThat(deletedDays).as("days that the cleanup has deleted").isPositive();
        System.out.println("CoreSimulationTest: " + deletedDays + " days deleted");
    }

    @ParameterizedTest
    @EnumSource(value = Bug.class, mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void findsTheBug(Bug bug) {
        Optional<String> found = Optional.empty();
        for (long seed = 1; found.isEmpty() && seed <= SEEDS_FOR_A_BUG; seed++) {
            found = violation(seed, bug);
        }

        assertThat(found)
                .as("violations by %s in %d worlds", bug, SEEDS_FOR_A_BUG)
                .isPresent();
        System.out.println("CoreSimulationTest: " + bug + ": " + found.orElseThrow());
    }
}
