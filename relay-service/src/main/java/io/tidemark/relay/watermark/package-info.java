/**
 * Answers whether a projection has caught up with a token. One thread owns all waiters; requests park without a thread
 * of their own, and groups are asked for their offsets only while somebody waits. Never says {@code success} unless
 * every partition of the projection's topics has been consumed up to the token.
 */
@NullMarked
package io.tidemark.relay.watermark;

import org.jspecify.annotations.NullMarked;
