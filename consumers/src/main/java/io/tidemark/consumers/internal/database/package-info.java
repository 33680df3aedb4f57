/**
 * Connections of the user's {@code DataSource}, which may be a pool. They are taken in the mode that the work needs,
 * and returned in their original state. On the caller's thread. Promise: no transaction and no setting remains on them.
 */
@NullMarked
package io.tidemark.consumers.internal.database;

import org.jspecify.annotations.NullMarked;
