// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.upheaval;

import io.tidemark.it.harness.FaultyWorld;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** The slot is dropped while no relay runs. Events committed before the new one exists never come through a stream. */
final class SlotLost implements Upheaval {

    @Override
    public void strike(FaultyWorld world, Operator operator, Random random) throws Exception {
        operator.killRelays();
        operator.awaitSlotFree();
        world.source()
                .execute("select pg_drop_replication_slot('" + world.source().name() + "')");
        TimeUnit.MILLISECONDS.sleep(random.nextInt(2000));
        operator.awaitHalted();
        operator.adopt();
        operator.replayUnaccounted();
    }
}
