/**
 * The relay as a separate process beside a {@link io.tidemark.quickstart.stack.LocalStack}, for demo and bench. It is
 * set up as by a user, with {@code tidemark init} and the minimum rights of production, and asked over HTTP.
 */
@NullMarked
package io.tidemark.quickstart.relay;

import org.jspecify.annotations.NullMarked;
