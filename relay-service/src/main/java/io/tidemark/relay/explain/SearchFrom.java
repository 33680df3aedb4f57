// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.explain;

import java.time.Instant;

/**
 * Where to look for an event that has no row: written by {@code outbox.emit}, or cleaned up.
 *
 * @param since earlier records are not read
 */
public record SearchFrom(String topic, Instant since) {}
