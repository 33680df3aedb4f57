// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.simulation;

import io.tidemark.relay.publish.TopicCatalog;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Topics that exist and never change. */
final class OneTopic implements TopicCatalog {

    private static final String ID = "an-id";

    @Override
    public String ensureEvents(String topic) {
        return ID;
    }

    @Override
    public Map<String, String> idsOf(Set<String> topics) {
        return topics.stream().collect(Collectors.toMap(Function.identity(), topic -> ID));
    }
}
