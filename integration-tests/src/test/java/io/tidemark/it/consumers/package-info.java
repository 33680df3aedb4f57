/**
 * The consumers module on real servers. Each application of an event inserts a row into a table without a uniqueness
 * constraint, which the tests compare with the published events.
 */
@NullMarked
package io.tidemark.it.consumers;

import org.jspecify.annotations.NullMarked;
