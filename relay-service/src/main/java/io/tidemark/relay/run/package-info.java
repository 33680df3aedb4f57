/**
 * Runs. The supervisor starts one after another on the {@code relay} thread. A run opens everything in the only safe
 * order (lock, fence, read the position, stream), and then publishes on that thread until the run ends.
 */
@NullMarked
package io.tidemark.relay.run;

import org.jspecify.annotations.NullMarked;
