// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.declared;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.relay.config.ProjectionConfig;
import io.tidemark.relay.config.RouteConfig;
import io.tidemark.relay.declared.GroupReading.Kind;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class GroundsTest {

    private static final String ORDER = "outbox.order";
    private static final String INVOICE = "outbox.invoice";
    private static final String FOREIGN = "clicks";
    private static final long NOW = 1_000_000_000_000L;

    private final Set<String> justWritten = new HashSet<>();

    private Grounds grounds(String... topics) {
        ProjectionConfig view = projection("view", "group", topics);
        Grounds grounds = grounds(view, view);
        grounds.seeTopics(new TopicsSeen(Map.of(), Set.of(), Set.of(ORDER, INVOICE), Map.of()));
        return grounds;
    }

    private Grounds grounds(ProjectionConfig projection, ProjectionConfig... all) {
        RouteConfig any = new RouteConfig("*", "outbox.{aggregateType}", null, null);
        return new Grounds(projection, List.of(all), new WritableTopics(List.of(any)), () -> justWritten);
    }

    private static ProjectionConfig projection(String name, String group, String... topics) {
        return new ProjectionConfig(name, group, List.of(topics), null);
    }

    private static GroupReading members(String... assigned) {
        return new GroupReading(Kind.SUBSCRIBING, 2, true, Set.of(assigned), Map.of());
    }

    private static GroupReading handingOut() {
        return new GroupReading(Kind.SUBSCRIBING, 2, false, Set.of(), Map.of());
    }

    /** Without members: the consumers are away, or assign partitions themselves. */
    private static GroupReading memberless(Map<TopicPartition, Long> committed) {
        return new GroupReading(Kind.SUBSCRIBING, 0, false, Set.of(), committed);
    }

    private static Map<TopicPartition, Long> committed(String... topics) {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        for (String topic : topics) {
            offsets.put(new TopicPartition(topic, 0), 7L);
        }
        return offsets;
    }

    private static void assertFirm(Grounds grounds) {
        assertThat(grounds.refusal()).isEmpty();
        assertThat(grounds.footing(Map.of(), NOW)).isInstanceOf(Footing.Firm.class);
    }

    private static void assertHollow(Grounds grounds, String... reason) {
        assertThat(grounds.refusal()).isEmpty();
        assertThat(grounds.footing(Map.of(), NOW))
                .isInstanceOfSatisfying(
                        Footing.Hollow.class,
                        hollow -> assertThat(hollow.reason()).contains(reason));
    }

    private static void assertRefused(Grounds grounds, String... reason) {
        assertThat(grounds.refusal())
                .hasValueSatisfying(told -> assertThat(told.reason()).contains(reason));
    }

    @Test
    void standsOnAGroupThatReadsWhatIsDeclared() {
        Grounds grounds = grounds(ORDER);

        grounds.seeGroup(members(ORDER, FOREIGN), NOW);

        assertFirm(grounds);
    }

    @Test
    void isUnknownBeforeKafkaAnswersAndAfterALongSilence() {
        Grounds grounds = grounds(ORDER);
        assertThat(grounds.footing(Map.of(), NOW)).isInstanceOf(Footing.Unseen.class);

        grounds.seeGroup(members(ORDER), NOW);

        assertFirm(grounds);
        assertThat(grounds.footing(Map.of(), NOW + Grounds.OUTDATED_AFTER.toNanos() + 1))
                .isInstanceOf(Footing.Unseen.class);
    }

    @Test
    void refusesATopicThatNoRouteWrites() {
        Grounds grounds = grounds("order");

        grounds.seeGroup(members("order"), NOW);

        assertRefused(grounds, "reads topic 'order', but no route writes it", "did you mean outbox.order?");
    }

    @Test
    void refusesATopicThatWasMadeAgainUntilItIsRightAgain() {
        Grounds grounds = grounds(ORDER);
        grounds.seeGroup(members(ORDER), NOW);

        grounds.seeTopics(new TopicsSeen(Map.of(ORDER, "was deleted"), Set.of(ORDER), Set.of(ORDER), Map.of()));

        assertRefused(grounds, "topic outbox.order was deleted");
        grounds.seeTopics(new TopicsSeen(Map.of(), Set.of(), Set.of(ORDER), Map.of()));
        assertFirm(grounds);
    }

    /** Causes are independent: the end of one does not end another. */
    @Test
    void keepsRefusingForOneCauseWhenAnotherIsGone() {
        Grounds grounds = grounds(ORDER);
        grounds.seeTopics(new TopicsSeen(Map.of(ORDER, "was deleted"), Set.of(), Set.of(ORDER, INVOICE), Map.of()));
        grounds.seeGroup(members(ORDER, INVOICE), NOW);

        grounds.seeTopics(new TopicsSeen(Map.of(), Set.of(), Set.of(ORDER, INVOICE), Map.of()));

        assertRefused(grounds, "also reads outbox.invoice");
    }

    @Test
    void refusesAGroupWhoseMembersReadATopicOfTheSourceThatIsNotDeclared() {
        Grounds grounds = grounds(ORDER);

        grounds.seeGroup(members(ORDER, INVOICE), NOW);

        assertRefused(
                grounds, "group group also reads outbox.invoice, which projection view does not declare", "add it to");
        grounds.seeGroup(members(ORDER), NOW);
        assertFirm(grounds);
    }

    /** For example, the group subscribes by pattern, and the topic was assigned before it had its first event. */
    @Test
    void refusesItOnceTheSourceHasWrittenTheUndeclaredTopic() {
        Grounds grounds = grounds(ORDER);
        grounds.seeGroup(members(ORDER, "outbox.refund"), NOW);
        assertFirm(grounds);

        justWritten.add("outbox.refund");
        grounds.seeGroup(members(ORDER, "outbox.refund"), NOW);

        assertRefused(grounds, "outbox.refund");
    }

    @Test
    void aTopicThatAnotherProjectionOfTheGroupDeclaresIsDeclared() {
        ProjectionConfig view = projection("view", "group", ORDER);
        Grounds grounds = grounds(view, view, projection("other", "group", INVOICE));
        grounds.seeTopics(new TopicsSeen(Map.of(), Set.of(), Set.of(ORDER, INVOICE), Map.of()));

        grounds.seeGroup(members(ORDER, INVOICE), NOW);

        assertFirm(grounds);
    }

    @Test
    void refusesAGroupWithoutMembersThatHasCommittedInAnUndeclaredTopic() {
        Grounds grounds = grounds(ORDER);

        grounds.seeGroup(memberless(committed(ORDER, INVOICE, FOREIGN)), NOW);

        assertRefused(grounds, "also reads outbox.invoice,");
    }

    @Test
    void offsetsInATopicThatMembersDoNotReadAnyMoreAreOld() {
        Grounds grounds = grounds(ORDER);
        Map<TopicPartition, Long> offsets = committed(ORDER, INVOICE);

        grounds.seeGroup(new GroupReading(Kind.SUBSCRIBING, 1, true, Set.of(ORDER), offsets), NOW);
        assertFirm(grounds);
        grounds.seeGroup(memberless(offsets), NOW);
        assertFirm(grounds);

        offsets.put(new TopicPartition(INVOICE, 0), 8L);
        grounds.seeGroup(memberless(offsets), NOW);
        assertRefused(grounds, "also reads outbox.invoice");
    }

    @Test
    void usesCommittedOffsetsForMembersWithAnUnknownAssignment() {
        Grounds grounds = grounds(ORDER);

        grounds.seeGroup(new GroupReading(Kind.SUBSCRIBING, 1, false, Set.of(), committed(ORDER, INVOICE)), NOW);

        assertRefused(grounds, "also reads outbox.invoice");
    }

    @Test
    void nothingIsConsumedOfATopicThatDoesNotExist() {
        Grounds grounds = grounds(ORDER, "outbox.orders");
        grounds.seeTopics(new TopicsSeen(Map.of(), Set.of("outbox.orders"), Set.of(ORDER), Map.of()));
        grounds.seeGroup(members(ORDER, "outbox.orders"), NOW);

        assertHollow(grounds, "topic outbox.orders does not exist yet");

        justWritten.add("outbox.orders");
        assertFirm(grounds);
    }

    @Test
    void doesNotStandOnAGroupThatKafkaHasNeverHeardOf() {
        Grounds grounds = grounds(ORDER);

        grounds.seeGroup(new GroupReading(Kind.ABSENT, 0, false, Set.of(), Map.of()), NOW);

        assertHollow(grounds, "Kafka does not know group group");
        assertThat(grounds.footing(committed(ORDER), NOW))
                .as("it has committed since")
                .isInstanceOf(Footing.Firm.class);
    }

    @Test
    void doesNotStandOnMembersThatDoNotReadWhatIsDeclared() {
        Grounds grounds = grounds(ORDER, INVOICE);

        grounds.seeGroup(members(ORDER), NOW);

        assertHollow(grounds, "group group does not read outbox.invoice, which projection view declares");
        grounds.seeGroup(new GroupReading(Kind.SUBSCRIBING, 1, true, Set.of(ORDER), committed(INVOICE)), NOW);
        assertFirm(grounds);
    }

    @Test
    void doesNotStandOnAGroupThatHasNeitherMembersNorOffsetsInDeclaredTopics() {
        Grounds grounds = grounds(ORDER);

        grounds.seeGroup(memberless(committed(FOREIGN)), NOW);

        assertHollow(grounds, "does not read outbox.order", "no members");
    }

    /** Such a consumer commits nothing in a topic as long as there is nothing to consume. */
    @Test
    void aConsumerThatAssignsPartitionsItselfIsKnownByOneDeclaredTopic() {
        Grounds grounds = grounds(ORDER, INVOICE);

        grounds.seeGroup(memberless(committed(ORDER)), NOW);

        assertFirm(grounds);
    }

    @Test
    void whatMembersReadBeforeARebalanceTheyReadDuringIt() {
        Grounds grounds = grounds(ORDER);
        grounds.seeGroup(handingOut(), NOW);
        assertHollow(grounds, "just being rebalanced");
        grounds.seeGroup(members(ORDER), NOW);

        grounds.seeGroup(handingOut(), NOW);
        assertFirm(grounds);
        grounds.seeGroup(memberless(Map.of()), NOW);
        assertFirm(grounds);

        grounds.seeGroup(members(FOREIGN), NOW);
        assertHollow(grounds, "does not read outbox.order");
    }

    @Test
    void whatMembersReadUndeclaredBeforeTheyLeftTheyStillRead() {
        Grounds grounds = grounds(ORDER);
        grounds.seeGroup(members(ORDER, INVOICE), NOW);

        grounds.seeGroup(memberless(committed(ORDER)), NOW);

        assertRefused(grounds, "also reads outbox.invoice");
    }
}
