/**
 * The consumers module on real servers. What was applied is told by a table without any uniqueness constraint, into
 * which each application of an event inserts a row.
 */
@NullMarked
package io.tidemark.it.consumers;

import org.jspecify.annotations.NullMarked;
