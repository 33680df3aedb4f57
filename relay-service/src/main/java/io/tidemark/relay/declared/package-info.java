/**
 * Compares what projections declare with reality: which topics the routes can write, which of them exist, and what each
 * group reads. Only decides, and sends no requests. Where the two differ, {@code success} would mean nothing, so it is
 * not returned.
 */
@NullMarked
package io.tidemark.relay.declared;

import org.jspecify.annotations.NullMarked;
