/**
 * The relay's one YAML file as values. Read once at start; unknown keys are rejected, and every duration and size has a
 * unit. Every record checks itself, and its messages name the key.
 */
@NullMarked
package io.tidemark.relay.config;

import org.jspecify.annotations.NullMarked;
