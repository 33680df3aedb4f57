/**
 * Real Postgres and Kafka as child processes on loopback, from Maven artifacts: for the demo, for development
 * ({@code tidemark stack}) and for tests where no Docker answers. Every child ends with its parent, however that ends;
 * data stays in the directory it was given.
 */
@NullMarked
package io.tidemark.quickstart.stack;

import org.jspecify.annotations.NullMarked;
