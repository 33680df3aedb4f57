/**
 * Reads the YAML file into {@link io.tidemark.relay.config.RelayConfiguration}: environment variables, unknown keys with the
 * likely right one, and one sentence for each mistake. Used once, at start.
 */
@NullMarked
package io.tidemark.relay.config.file;

import org.jspecify.annotations.NullMarked;
