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
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.Test;

class TopicWatchIT {

    /** Returns when the broker reports the new topic: it may report the old one after both changes are made. */
    private static void makeAgain(TestSource source) throws Exception {
        String topic = source.topic("order");
        try (Admin admin =
                Admin.create(Map.of("bootstrap.servers", source.servers().bootstrapServers()))) {
            Uuid old = idOf(admin, topic);
            admin.deleteTopics(List.of(topic)).all().get(30, TimeUnit.SECONDS);
            await().ignoreExceptions().until(() -> {
                source.makeTopic("order");
                return true;
            });
            await().ignoreExceptions().until(() -> !idOf(admin, topic).equals(old));
        }
    }

    private static Uuid idOf(Admin admin, String topic) throws Exception {
        Map<String, TopicDescription> described =
                admin.describeTopics(List.of(topic)).allTopicNames().get(30, TimeUnit.SECONDS);
        return Objects.requireNonNull(described.get(topic)).topicId();
    }

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
            makeAgain(source);

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
            makeAgain(source);
            assertThat(watch.look().wrong()).isEmpty();

            source.execute("select outbox.publish('order', '1', 't', 'x')");
            TopicReader.readUntil(source.servers(), source.name() + ".", read -> !read.isEmpty());

            assertThat(watch.look().wrong()).isEmpty();
            assertThat(relay.state().phase()).isEqualTo(Phase.RUNNING);
        }
    }
}
