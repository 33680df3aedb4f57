// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.source;

/**
 * Which database this is.
 *
 * @param sourceId 8 hex digits, from {@code outbox.source}
 * @param systemIdentifier of the Postgres cluster, made by initdb
 * @param database its name
 * @param timeline Postgres' timeline id now
 */
public record SourceIdentity(String sourceId, String systemIdentifier, String database, int timeline) {}
