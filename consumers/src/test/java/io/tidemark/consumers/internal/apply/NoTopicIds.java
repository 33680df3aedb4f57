// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.apply;

import java.util.Optional;

/** Topic ids of brokers that do not support them. */
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
