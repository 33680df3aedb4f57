// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publish;

import java.util.Map;
import java.util.Set;

/** Kafka's topics and their ids (KIP-516): the same id for as long as a topic is not deleted. On the publishing thread. */
public interface TopicCatalog {

    /**
     * Makes sure that an event topic is there. Asks Kafka each time.
     *
     * @return Kafka's id of it
     */
    String ensureEvents(String topic) throws PublishFailure, InterruptedException;

    /** The ids that these topics have now; a topic that does not exist is not among them. */
    Map<String, String> idsOf(Set<String> topics) throws PublishFailure, InterruptedException;
}
