// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.upheaval;

import io.tidemark.it.harness.FaultyWorld;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** The publication is dropped, and a moment later created again by {@code tidemark init}. */
final class PublicationDropped implements Upheaval {

    @Override
    public void strike(FaultyWorld world, Operator operator, Random random) throws Exception {
        world.source().execute("drop publication tidemark");
        TimeUnit.MILLISECONDS.sleep(random.nextInt(2000));
        operator.init();
        operator.awaitHalted();
        operator.adopt();
        operator.replayUnaccounted();
    }
}
