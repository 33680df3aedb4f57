// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.declared;

import java.util.Map;
import java.util.Set;

/**
 * The state of Kafka's topics.
 *
 * @param wrong topics that are no longer the ones that were published to, each with what is wrong with it
 * @param absent declared topics that do not exist
 * @param written topics that events of this source have been published to
 * @param ids Kafka's id of each declared topic that exists (KIP-516)
 */
public record TopicsSeen(Map<String, String> wrong, Set<String> absent, Set<String> written, Map<String, String> ids) {

    public TopicsSeen {
        wrong = Map.copyOf(wrong);
        absent = Set.copyOf(absent);
        written = Set.copyOf(written);
        ids = Map.copyOf(ids);
    }
}
