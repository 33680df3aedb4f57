/**
 * The SQL files that create the library's tables in the user's database. Stateless; statements run on
 * the caller's thread.
 */
@NullMarked
package io.tidemark.consumers.internal.tables;

import org.jspecify.annotations.NullMarked;
