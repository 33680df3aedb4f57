/**
 * Which generation of a projection is read, and the switch to a new one that has caught up. On a thread of its own for
 * each runner. Promise: at most one generation is read, and none before it has what the one before had applied.
 */
@NullMarked
package io.tidemark.consumers.internal.rebuild;

import org.jspecify.annotations.NullMarked;
