/**
 * Reads the YAML file into {@link io.tidemark.relay.config.RelayConfiguration}. Replaces environment variables,
 * suggests the likely key for an unknown one, and reports each mistake in one sentence. Used once, at start.
 */
@NullMarked
package io.tidemark.relay.config.file;

import org.jspecify.annotations.NullMarked;
