// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.preflight;

import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.RouteConfig;
import io.tidemark.relay.declared.WritableTopics;
import io.tidemark.relay.publish.TopicPlan;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.common.acl.AclOperation;

/**
 * A topic whose name is known before the first event.
 *
 * @param rights the operations that the relay needs on it, besides describing it
 */
record NamedTopic(TopicPlan plan, Set<AclOperation> rights) {

    /**
     * The relay's own topics, the topics of projections that events can go to, and the topics of routes with one fixed
     * topic. Ordered by name.
     */
    static Collection<NamedTopic> of(RelayConfiguration config) {
        Set<AclOperation> readAndWrite = EnumSet.of(AclOperation.READ, AclOperation.WRITE);
        Set<AclOperation> write = EnumSet.of(AclOperation.WRITE);
        Map<String, NamedTopic> topics = new TreeMap<>();
        own(config)
                .forEach(plan -> add(topics, plan, plan.name().equals(OwnTopics.DEAD_LETTERS) ? write : readAndWrite));
        WritableTopics.declaredIn(config)
                .forEach(topic ->
                        add(topics, TopicPlan.events(topic, config.kafka().topics()), readAndWrite));
        config.routes().stream()
                .flatMap(route -> route.fixedTopic().stream())
                .forEach(topic ->
                        add(topics, TopicPlan.events(topic, config.kafka().topics()), write));
        return topics.values();
    }

    /** The relay's own topics that this configuration uses. */
    static List<TopicPlan> own(RelayConfiguration config) {
        return hasDeadLetters(config)
                ? List.of(TopicPlan.positions(), TopicPlan.index(), TopicPlan.deadLetters(config.kafka()))
                : List.of(TopicPlan.positions(), TopicPlan.index());
    }

    static boolean hasDeadLetters(RelayConfiguration config) {
        return config.routes().stream().anyMatch(RouteConfig::hasDeadLetters);
    }

    private static void add(Map<String, NamedTopic> topics, TopicPlan plan, Set<AclOperation> rights) {
        topics.putIfAbsent(plan.name(), new NamedTopic(plan, rights));
    }
}
