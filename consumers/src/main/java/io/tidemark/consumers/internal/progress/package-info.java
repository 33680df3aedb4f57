/**
 * How far a projection has come, kept in its own database: the tables {@code tidemark_progress} and
 * {@code tidemark_generation}. Stateless; everything happens on the caller's connection, in the caller's transaction.
 * Promise: only the newest owner of a partition can advance it, and only from where it stands.
 */
@NullMarked
package io.tidemark.consumers.internal.progress;

import org.jspecify.annotations.NullMarked;
