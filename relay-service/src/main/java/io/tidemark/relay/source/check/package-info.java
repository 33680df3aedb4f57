/**
 * What must be true of the source database before events can be captured, and how {@code tidemark init} makes it true.
 * Every finding is a sentence with its fix. One thread at a time, on a connection of the caller.
 */
@NullMarked
package io.tidemark.relay.source.check;

import org.jspecify.annotations.NullMarked;
