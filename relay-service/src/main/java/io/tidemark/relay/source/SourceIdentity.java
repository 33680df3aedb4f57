// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source;

/**
 * Identifies the database.
 *
 * @param sourceId 8 hex digits, from {@code outbox.source}
 * @param systemIdentifier of the Postgres cluster, made by initdb
 * @param database its name
 * @param timeline the current Postgres timeline id
 */
public record SourceIdentity(String sourceId, String systemIdentifier, String database, int timeline) {}
