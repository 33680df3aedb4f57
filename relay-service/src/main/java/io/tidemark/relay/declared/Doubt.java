// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.declared;

/**
 * Why the offsets of a group do not show what was consumed.
 *
 * @param code for programs, in kebab case; part of the HTTP API
 * @param reason for people
 */
public record Doubt(String code, String reason) {}
