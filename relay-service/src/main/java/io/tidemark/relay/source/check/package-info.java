/**
 * What the source database must fulfil before events can be captured, and how {@code tidemark init} sets it up. Every
 * finding is a sentence with its fix. One thread at a time, on a connection of the caller.
 */
@NullMarked
package io.tidemark.relay.source.check;

import org.jspecify.annotations.NullMarked;
