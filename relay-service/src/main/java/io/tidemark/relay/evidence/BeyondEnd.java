// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.evidence;

import org.apache.kafka.common.TopicPartition;

/**
 * A committed offset that is not possible: Kafka has lost records, or a person has set the offset.
 *
 * @param end of the log, read after the offset
 */
public record BeyondEnd(TopicPartition partition, long committed, long end) {}
