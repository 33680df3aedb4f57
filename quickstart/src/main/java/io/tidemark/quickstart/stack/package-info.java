/**
 * Real Postgres and Kafka as child processes on loopback, from Maven artifacts. For the demo, for development ({@code
 * tidemark stack}), and for tests without Docker. Every child ends when its parent ends for any reason. The data stays
 * in its directory.
 */
@NullMarked
package io.tidemark.quickstart.stack;

import org.jspecify.annotations.NullMarked;
