/**
 * Questions as callers put them: about a token, about now, or about how stale a projection may be. A question without a
 * token is turned into one with a token by a look at the source's WAL, made after the question arrived. Blocks no
 * thread.
 */
@NullMarked
package io.tidemark.relay.question;

import org.jspecify.annotations.NullMarked;
