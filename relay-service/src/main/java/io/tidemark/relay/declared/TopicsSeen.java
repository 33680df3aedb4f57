// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.declared;

import java.util.Map;
import java.util.Set;

/**
 * How Kafka's topics stand.
 *
 * @param wrong topics that are not those that were published to any more, each with what is wrong with it
 * @param absent declared topics that do not exist
 * @param written topics that events of this source have been published to
 */
public record TopicsSeen(Map<String, String> wrong, Set<String> absent, Set<String> written) {

    public TopicsSeen {
        wrong = Map.copyOf(wrong);
        absent = Set.copyOf(absent);
        written = Set.copyOf(written);
    }
}
