/**
 * Runs: the supervisor makes one after the other on the {@code relay} thread; a run opens everything in the one order that is
 * safe (lock, fence, read the position, stream) and then publishes on that thread until something ends it.
 */
@NullMarked
package io.tidemark.relay.run;

import org.jspecify.annotations.NullMarked;
