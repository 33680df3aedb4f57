// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.upheaval;

import static org.awaitility.Awaitility.await;

import io.tidemark.it.harness.FaultyWorld;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;

/** The topic is deleted with all its events, and created again. Its consumers start from the beginning. */
final class TopicMadeAnew implements Upheaval {

    @Override
    public void strike(FaultyWorld world, Operator operator, Random random) throws Exception {
        String topic = world.source().topic("order");
        operator.killRelays();
        world.consumer().kill();
        operator.rememberWhatIsReadable(event -> true);
        try (Admin admin = operator.admin()) {
            admin.deleteTopics(List.of(topic)).all().get(30, TimeUnit.SECONDS);
            await("topic " + topic + " to be gone")
                    .until(() -> !admin.listTopics()
                            .names()
                            .get(30, TimeUnit.SECONDS)
                            .contains(topic));
            await("topic " + topic + " to be made again")
                    .ignoreExceptionsInstanceOf(ExecutionException.class) // still being deleted
                    .untilAsserted(() -> world.source().makeTopic("order"));
            GroupDeleted.delete(admin, world);
        }
        world.consumer().restart();
        operator.awaitHalted();
        operator.adopt();
        operator.replayUnaccounted();
    }
}
