/**
 * The progress of a projection, stored in its database in the tables {@code tidemark_progress} and
 * {@code tidemark_generation}. Stateless; everything happens on the caller's connection, in the caller's transaction.
 * Promise: only the newest owner of a partition can advance it, and only from its current offset.
 */
@NullMarked
package io.tidemark.consumers.internal.progress;

import org.jspecify.annotations.NullMarked;
