// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publish;

import java.util.Map;
import java.util.Set;

/** Kafka's topics and their ids (KIP-516); a topic keeps its id until it is deleted. On the publishing thread. */
public interface TopicCatalog {

    /**
     * Makes sure that an event topic exists. Asks Kafka each time.
     *
     * @return Kafka's id of it
     */
    String ensureEvents(String topic) throws PublishFailure, InterruptedException;

    /** The current ids of these topics; a topic that does not exist is left out. */
    Map<String, String> idsOf(Set<String> topics) throws PublishFailure, InterruptedException;
}
