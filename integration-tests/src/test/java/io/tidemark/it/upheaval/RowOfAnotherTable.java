// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.upheaval;

import io.tidemark.it.harness.FaultyWorld;
import java.util.Random;

/**
 * The publication has another table within one transaction, which writes a row of it. No relay can read this
 * transaction, and its reason names it.
 */
final class RowOfAnotherTable implements Upheaval {

    @Override
    public void strike(FaultyWorld world, Operator operator, Random random) throws Exception {
        world.source().execute("create table if not exists audit.other (n int)");
        operator.alter(
                "alter publication tidemark add table audit.other",
                "insert into audit.other values (1)",
                "alter publication tidemark drop table audit.other");
        operator.awaitHalted();
        operator.adoptAsAdvised();
        operator.replayUnaccounted();
    }
}
