/**
 * Answers whether a projection has caught up with a token. One thread owns all waiters. Waiting requests hold no
 * thread, and groups are asked for their offsets only while a request waits for them. Never returns {@code success}
 * unless every partition of the projection's topics has been consumed up to the token.
 */
@NullMarked
package io.tidemark.relay.watermark;

import org.jspecify.annotations.NullMarked;
