// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.upheaval;

import io.tidemark.it.harness.FaultyWorld;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * The publication leaves rows out for a moment, and is then restored; half the time without the lock of the runbook.
 */
final class PublicationAltered implements Upheaval {

    private static final String ALTER = "alter publication tidemark ";

    private record Change(String done, String undone) {}

    private static final List<Change> CHANGES = List.of(
            new Change("set (publish = 'update')", "set (publish = 'insert')"),
            new Change("set table outbox.event where (event_type <> 'changed')", "set table outbox.event"),
            new Change("drop table outbox.event", "add table outbox.event"));

    @Override
    public void strike(FaultyWorld world, Operator operator, Random random) throws Exception {
        Change change = CHANGES.get(random.nextInt(CHANGES.size()));
        world.source().execute(ALTER + change.done());
        TimeUnit.MILLISECONDS.sleep(random.nextInt(2000));
        if (random.nextBoolean()) {
            operator.alter("lock table only outbox.event in share row exclusive mode", ALTER + change.undone());
        } else {
            world.source().execute(ALTER + change.undone());
        }
        operator.awaitHalted();
        operator.adopt();
        operator.replayUnaccounted();
    }
}
