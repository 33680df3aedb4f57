/**
 * The relay as a process of its own beside a {@link io.tidemark.quickstart.stack.LocalStack}, for demo and bench: set up
 * as a user would, with {@code tidemark init} and rights as few as in production, and asked over HTTP.
 */
@NullMarked
package io.tidemark.quickstart.relay;

import org.jspecify.annotations.NullMarked;
