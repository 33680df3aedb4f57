/**
 * Named places at which tests make a relay crash, fail or pause. They act only if the system property
 * {@code io.tidemark.failpoints} is set. A relay that finds the property logs a warning. Safe on any thread.
 */
@NullMarked
package io.tidemark.relay.failpoint;

import org.jspecify.annotations.NullMarked;
