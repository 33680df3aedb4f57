// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.relay.health.RelayState.Phase;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;

class TopicWatchIT {

    /** The look that would have seen the first topic comes too late: the answers would be about the second one. */
    @Test
    void noticesATopicThatWasMadeAgainBetweenTwoLooks() throws Exception {
        try (TestSource source = TestSource.create("watched");
                TopicWatch watch = new TopicWatch(
                        source.configuration().kafka(), source.sourceId(), Set.of(source.topic("order")))) {
            try (RunningRelay relay = RunningRelay.startAndAwait(source.configuration())) {
                assertThat(watch.look().absent()).containsExactly(source.topic("order"));
                source.execute("select outbox.publish('order', '1', 't', 'x')");
                TopicReader.readUntil(source.servers(), source.name() + ".", read -> !read.isEmpty());
            }
            try (Admin admin =
                    Admin.create(Map.of("bootstrap.servers", source.servers().bootstrapServers()))) {
                admin.deleteTopics(List.of(source.topic("order"))).all().get(30, TimeUnit.SECONDS);
            }
            await().ignoreExceptions().until(() -> {
                source.makeTopic("order");
                return true;
            });

            assertThat(watch.look().wrong()).containsOnlyKeys(source.topic("order"));
        }
    }

    @Test
    void acceptsATopicThatIsMadeAgainBeforeItsFirstEvent() throws Exception {
        try (TestSource source = TestSource.create("watched");
                RunningRelay relay = RunningRelay.startAndAwait(source.configuration());
                TopicWatch watch = new TopicWatch(
                        source.configuration().kafka(), source.sourceId(), Set.of(source.topic("order")))) {
            source.makeTopic("order");
            assertThat(watch.look().wrong()).isEmpty();
            try (Admin admin =
                    Admin.create(Map.of("bootstrap.servers", source.servers().bootstrapServers()))) {
                admin.deleteTopics(List.of(source.topic("order"))).all().get(30, TimeUnit.SECONDS);
            }
            await().ignoreExceptions().until(() -> {
                source.makeTopic("order");
                return true;
            });
            assertThat(watch.look().wrong()).isEmpty();

            source.execute("select outbox.publish('order', '1', 't', 'x')");
            TopicReader.readUntil(source.servers(), source.name() + ".", read -> !read.isEmpty());

            assertThat(watch.look().wrong()).isEmpty();
            assertThat(relay.state().phase()).isEqualTo(Phase.RUNNING);
        }
    }
}
