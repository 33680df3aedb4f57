package io.tidemark.consumers.internal.apply;

import java.util.Optional;

/** As of brokers that give topics no ids. */
public final class NoTopicIds {

    private NoTopicIds() {}

    public static TopicIds create() {
        return new TopicIds(new TopicIds.Source() {

            @Override
            public Optional<String> idOf(String topic) {
                return Optional.empty();
            }

            @Override
            public void close() {
                // nothing to do
            }
        });
    }
}
