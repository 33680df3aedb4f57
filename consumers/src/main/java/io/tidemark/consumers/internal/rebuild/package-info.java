/**
 * Which generation of a projection is read, and the switch to a new one that has caught up. One thread for each runner.
 * Promise: at most one generation is read, and a new one only after it has applied everything that the old one had.
 */
@NullMarked
package io.tidemark.consumers.internal.rebuild;

import org.jspecify.annotations.NullMarked;
