// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.upheaval;

import io.tidemark.it.harness.FaultyWorld;
import java.util.Random;

/** The table has another name within a transaction that locks out writers. Nothing is lost, and relays halt. */
final class TableRenamed implements Upheaval {

    @Override
    public void strike(FaultyWorld world, Operator operator, Random random) throws Exception {
        operator.alter("alter table outbox.event rename to away", "alter table outbox.away rename to event");
        operator.awaitHalted();
        operator.adopt();
        operator.replayUnaccounted();
    }
}
