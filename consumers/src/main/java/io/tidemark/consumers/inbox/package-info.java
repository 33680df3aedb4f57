/**
 * The idempotent inbox, for effects outside the projection's database: the table {@code tidemark_inbox} remembers which
 * events were dealt with. On the caller's thread. Promise: an effect that is known to have ended is not repeated; one
 * that may or may not have happened is reported as such, never guessed.
 */
@NullMarked
package io.tidemark.consumers.inbox;

import org.jspecify.annotations.NullMarked;
