/** What the relay is doing and whether that is well: one state, written by the run, read by HTTP and the health check. */
@NullMarked
package io.tidemark.relay.health;

import org.jspecify.annotations.NullMarked;
