/**
 * The relay's one YAML file as values: read once at start, strict about unknown keys, with units on every duration and
 * size. Every record checks itself, and its messages name the key.
 */
@NullMarked
package io.tidemark.relay.config;

import org.jspecify.annotations.NullMarked;
