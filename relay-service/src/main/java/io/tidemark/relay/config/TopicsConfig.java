// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import org.jspecify.annotations.Nullable;

/**
 * How topics are created.
 *
 * @param autoCreate whether the relay creates missing topics; otherwise they must exist
 * @param partitions of an event topic that the relay creates
 * @param replicationFactor of every topic that the relay creates; at most the number of brokers
 */
public record TopicsConfig(boolean autoCreate, int partitions, int replicationFactor) {

    static final TopicsConfig DEFAULT = new TopicsConfig((Boolean) null, null, null);

    @JsonCreator
    public TopicsConfig(
            @Nullable Boolean autoCreate, @Nullable Integer partitions, @Nullable Integer replicationFactor) {
        this(
                autoCreate == null || autoCreate,
                Checks.atLeastOne("kafka.topics.partitions", partitions, 12),
                Checks.atLeastOne("kafka.topics.replicationFactor", replicationFactor, 3));
    }
}
