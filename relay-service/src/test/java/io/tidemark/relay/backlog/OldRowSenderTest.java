// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.backlog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.OwnTopics;
import io.tidemark.outbox.Position;
import io.tidemark.relay.capture.CapturedEvent;
import io.tidemark.relay.config.HeaderStyle;
import io.tidemark.relay.config.RouteConfig;
import io.tidemark.relay.config.RouteConfig.OnPoison;
import io.tidemark.relay.position.BacklogProgress;
import io.tidemark.relay.position.TopicIds;
import io.tidemark.relay.publish.AnyTopic;
import io.tidemark.relay.publish.KafkaTransaction;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.publish.PublishedTopics;
import io.tidemark.relay.publish.Refusal;
import io.tidemark.relay.route.OutgoingEvent;
import io.tidemark.relay.route.Router;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class OldRowSenderTest {

    private static final String SOURCE_ID = "7f3a9c21";
    private static final BacklogProgress BEGIN = BacklogProgress.begin("slot", Lsn.parse("0/100"), "replay");

    private final List<String> calls = new ArrayList<>();
    /** The aggregate ids that Kafka refuses when it is to commit. */
    private final Set<String> refused = new HashSet<>();

    private boolean isKafkaAway;
    private Map<String, byte @Nullable []> committed = Map.of();

    private OldRowSender sender(OnPoison onPoison) {
        Router router = new Router(
                List.of(new RouteConfig("*", "outbox.{aggregateType}", null, onPoison)),
                HeaderStyle.TIDEMARK,
                SOURCE_ID);
        PublishedTopics topics = new PublishedTopics(new AnyTopic(), new TopicIds(Map.of()));
        return new OldRowSender(new Transaction(), topics, router, SOURCE_ID, 1);
    }

    private static OldRow row(long number, String aggregateId) {
        return new OldRow(
                number,
                Optional.of(new CapturedEvent(
                        "id-" + number, "order", aggregateId, "t", new byte[10], null, null, null, null, 0)));
    }

    private Set<String> recordedTopics() {
        byte[] record = committed.get(TopicIds.key(SOURCE_ID));
        return record == null ? Set.of() : TopicIds.fromJson(record).ids().keySet();
    }

    @Test
    void publishesABatchTogetherWithItsProgress() throws Exception {
        List<OldRow> batch = List.of(row(1, "a"), new OldRow(2, Optional.empty()), row(3, "b"));

        BacklogProgress after = sender(OnPoison.HALT).send(batch, BEGIN);

        assertThat(calls).containsExactly("begin", "send a to outbox.order", "send b to outbox.order", "commit");
        assertThat(after).isEqualTo(BEGIN.advance(3, 2, 0, 1));
        assertThat(committed.get(BacklogProgress.key(SOURCE_ID))).isEqualTo(after.toJson());
        assertThat(recordedTopics()).containsExactly("outbox.order");
    }

    /** A topic without events may be deleted and made again. */
    @Test
    void recordsATopicOnlyForRowsThatAreInIt() throws Exception {
        refused.add("large");

        BacklogProgress after = sender(OnPoison.DEAD_LETTER).send(List.of(row(1, "large")), BEGIN);

        assertThat(calls)
                .containsExactly(
                        "begin", "send large to outbox.order", "commit", "take back", "begin", "bury", "commit");
        assertThat(after).isEqualTo(BEGIN.advance(1, 0, 1, 0));
        assertThat(recordedTopics()).isEmpty();
    }

    @Test
    void haltsAtARefusedRowWhoseRouteHasNoDeadLetters() {
        refused.add("large");

        assertThatThrownBy(() -> sender(OnPoison.HALT).send(List.of(row(1, "large"), row(2, "b")), BEGIN))
                .isInstanceOf(PublishFailure.class)
                .hasMessageContaining("Neither it nor any old row behind it is published");

        assertThat(calls).endsWith("take back", "begin", "abort");
        assertThat(committed).isEmpty();
    }

    @Test
    void leavesAnyOtherFailureToTheNextRun() {
        isKafkaAway = true;

        assertThatThrownBy(() -> sender(OnPoison.DEAD_LETTER).send(List.of(row(1, "a")), BEGIN))
                .isInstanceOf(PublishFailure.class)
                .hasMessageContaining("not committed");

        assertThat(calls).containsExactly("begin", "send a to outbox.order", "commit");
    }

    /** Records the calls; commits unless an event is refused, or Kafka is away. */
    private final class Transaction implements KafkaTransaction {

        private final Map<String, Position> open = new HashMap<>();

        @Override
        public void begin() {
            open.clear();
            calls.add("begin");
        }

        @Override
        public @Nullable String tooLarge(OutgoingEvent event) {
            return null;
        }

        @Override
        public void send(OutgoingEvent event, @Nullable Position position) {
            if (event.topic().equals(OwnTopics.DEAD_LETTERS)) {
                calls.add("bury");
                return;
            }
            String key = new String(event.key(), StandardCharsets.UTF_8);
            calls.add("send " + key + " to " + event.topic());
            if (position != null) {
                open.put(key, position);
            }
        }

        @Override
        public Map<TopicPartition, List<End>> commit(String topic, Map<String, byte @Nullable []> records)
                throws PublishFailure {
            calls.add("commit");
            if (isKafkaAway || open.keySet().stream().anyMatch(refused::contains)) {
                throw PublishFailure.of(new KafkaException("not committed"));
            }
            committed = records;
            return Map.of();
        }

        @Override
        public long firstAcknowledgedAt() {
            return 0;
        }

        @Override
        public Optional<Refusal> takeBackIfRefused() {
            Optional<Refusal> first = open.entrySet().stream()
                    .filter(sent -> refused.contains(sent.getKey()))
                    .map(sent -> new Refusal(sent.getValue(), "is too large"))
                    .findFirst();
            first.ifPresent(any -> calls.add("take back"));
            return first;
        }

        @Override
        public void abort() {
            calls.add("abort");
        }
    }
}
