// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.upheaval;

import static org.awaitility.Awaitility.await;

import io.tidemark.it.harness.FaultyWorld;
import io.tidemark.it.harness.GroupProcess;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/** The consumers are stopped, their group is deleted, and they start again from the beginning. */
final class GroupDeleted implements Upheaval {

    @Override
    public void strike(FaultyWorld world, Operator operator, Random random) throws Exception {
        world.consumer().kill();
        try (Admin admin = operator.admin()) {
            delete(admin, world);
        }
        TimeUnit.MILLISECONDS.sleep(random.nextInt(1000));
        world.consumer().restart();
    }

    /** Waits until Kafka has removed the killed member. */
    static void delete(Admin admin, FaultyWorld world) {
        String group = GroupProcess.groupOf(world.source());
        await("group " + group + " deleted").until(() -> {
            try {
                admin.deleteConsumerGroups(List.of(group)).all().get(30, TimeUnit.SECONDS);
                return true;
            } catch (ExecutionException e) {
                return e.getCause() instanceof GroupIdNotFoundException;
            }
        });
    }
}
