// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.publish;

import io.tidemark.outbox.Position;

/**
 * Kafka will not have this one event, whoever sends it and however often; everything else may go its way.
 *
 * @param event where it stands
 * @param reason in Kafka's words, to go on after the event's name
 */
public record Refusal(Position event, String reason) {}
