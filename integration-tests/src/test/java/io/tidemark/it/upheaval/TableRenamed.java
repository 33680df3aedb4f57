package io.tidemark.it.upheaval;

import io.tidemark.it.harness.FaultyWorld;
import java.util.Random;

/** The table has another name within one transaction, in which nobody can write: nothing is lost, and it halts all the same. */
final class TableRenamed implements Upheaval {

    @Override
    public void strike(FaultyWorld world, Operator operator, Random random) throws Exception {
        world.source()
                .execute(
                        "begin",
                        "alter table outbox.event rename to away",
                        "alter table outbox.away rename to event",
                        "commit");
        operator.awaitHalted();
        operator.adopt();
        operator.replayUnaccounted();
    }
}
