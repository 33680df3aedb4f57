// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.relay.position.TopicIds;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PublishedTopicsTest {

    private final Cluster cluster = new Cluster();

    private PublishedTopics topics(Map<String, String> recorded) {
        return new PublishedTopics(cluster, new TopicIds(recorded), 0);
    }

    @Test
    void haltsWhenATopicWithEventsWasMadeAgain() {
        cluster.ids.put("order", "new");
        PublishedTopics topics = topics(Map.of("order", "old"));

        assertThatThrownBy(topics::check)
                .isInstanceOf(PublishFailure.class)
                .hasMessageContaining("its id is new now, and was old");
    }

    @Test
    void asksAgainBeforeItTakesATopicForDeleted() throws Exception {
        cluster.ids.put("order", "old");
        cluster.answers.add(Map.of()); // from a broker that lags behind
        PublishedTopics topics = topics(Map.of("order", "old"));

        topics.check();

        assertThat(cluster.answers).isEmpty();
    }

    /** None of it was ever readable, so nothing is lost. */
    @Test
    void doesNotMissATopicThatOnlyATransactionThatWasGivenUpHasUsed() throws Exception {
        cluster.ids.put("order", "first");
        PublishedTopics topics = topics(Map.of());
        topics.begin();
        topics.use("order");
        cluster.ids.put("order", "second");

        topics.check();
        topics.begin();
        topics.use("order");

        assertThat(recorded(topics)).containsEntry("order", "second");
    }

    @Test
    void missesATopicWhoseEventsAreCommitted() throws Exception {
        cluster.ids.put("order", "first");
        PublishedTopics topics = topics(Map.of());
        topics.begin();
        topics.use("order");
        topics.committed();
        cluster.ids.put("order", "second");

        assertThatThrownBy(topics::check).hasMessageContaining("was deleted and made again");
    }

    private static Map<String, String> recorded(PublishedTopics topics) {
        return TopicIds.fromJson(topics.toRecord().orElseThrow()).ids();
    }

    /** Returns the answers that the test has prepared, then the current state. */
    private static final class Cluster implements TopicCatalog {

        private final Map<String, String> ids = new HashMap<>();
        private final Deque<Map<String, String>> answers = new ArrayDeque<>();

        @Override
        public String ensureEvents(String topic) {
            return Objects.requireNonNull(ids.get(topic));
        }

        @Override
        public Map<String, String> idsOf(Set<String> topics) {
            return answers.isEmpty() ? ids : answers.remove();
        }
    }
}
