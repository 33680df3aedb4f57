/**
 * The last hour of this replica: a bounded ring of what its metrics hold, sampled every five seconds on one thread. Asks
 * no server. Another replica has another history.
 */
@NullMarked
package io.tidemark.relay.console.history;

import org.jspecify.annotations.NullMarked;
