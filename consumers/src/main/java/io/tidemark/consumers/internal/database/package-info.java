/**
 * Connections of the user's {@code DataSource}, which may be a pool: taken in the mode that the work needs, and handed back
 * as they came. On the caller's thread. Promise: no transaction and no setting of ours is left on them.
 */
@NullMarked
package io.tidemark.consumers.internal.database;

import org.jspecify.annotations.NullMarked;
