/**
 * The SQL files that make the library's tables in the user's database. Stateless; whatever is run is run on the caller's
 * connection, in the caller's transaction.
 */
@NullMarked
package io.tidemark.consumers.tables;

import org.jspecify.annotations.NullMarked;
