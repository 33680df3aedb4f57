package io.tidemark.relay.route;

import io.tidemark.outbox.OwnTopics;
import io.tidemark.relay.config.RouteConfig;
import org.jspecify.annotations.Nullable;

/** Which topics an event may go to. */
public final class TopicName {

    private static final int MAX_LENGTH = 249;

    private TopicName() {}

    /** What is wrong with the topic, to go on after its name; null when nothing is. */
    public static @Nullable String whyNot(String topic) {
        if (!isLegal(topic)) {
            return "which is no legal topic name";
        }
        if (topic.startsWith(RouteConfig.KAFKAS_PREFIX)) {
            return "which is one of Kafka's internal names (they begin with two underscores)";
        }
        // a position made by a writer would be taken for ours
        return topic.startsWith(OwnTopics.PREFIX) ? "which is the relay's own" : null;
    }

    /** Kafka's own rule; by hand, because it is asked for every event. */
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
