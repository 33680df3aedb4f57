/**
 * What projections declare, held against what is: which topics the routes can write, which of them exist, and what each
 * group reads. Decides only; asks nobody. Where the two differ, {@code success} would say nothing, so it is not said.
 */
@NullMarked
package io.tidemark.relay.declared;

import org.jspecify.annotations.NullMarked;
