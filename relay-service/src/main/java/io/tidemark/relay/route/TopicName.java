// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.route;

import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.config.RouteConfig;
import org.jspecify.annotations.Nullable;

/** Checks whether a topic is allowed for events. */
public final class TopicName {

    private static final int MAX_LENGTH = 249;

    private TopicName() {}

    /** Why the topic is not allowed, as a continuation of a sentence after its name; null if it is allowed. */
    public static @Nullable String whyNot(String topic) {
        if (!isLegal(topic)) {
            return "which is not a legal topic name";
        }
        if (topic.startsWith(RouteConfig.KAFKAS_PREFIX)) {
            return "which is one of Kafka's internal names (they begin with two underscores)";
        }
        // a writer could forge a position there
        return topic.startsWith(OwnTopics.PREFIX) ? "which is an internal topic of the relay" : null;
    }

    /** Kafka's rule, without a regular expression, because it is checked for every event. */
    private static boolean isLegal(String topic) {
        for (int i = 0; i < topic.length(); i++) {
            char c = topic.charAt(i);
            boolean isWord = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
            if (!isWord && c != '.' && c != '_' && c != '-') {
                return false;
            }
        }
        return !topic.isEmpty() && topic.length() <= MAX_LENGTH && !topic.equals(".") && !topic.equals("..");
    }
}
