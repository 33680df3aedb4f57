// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publish;

import io.tidemark.outbox.Position;

/**
 * Kafka refuses this one event, from any producer and on any attempt. Other events are not affected.
 *
 * @param event its position
 * @param reason in Kafka's words, worded to follow the event's name
 */
public record Refusal(Position event, String reason) {}
