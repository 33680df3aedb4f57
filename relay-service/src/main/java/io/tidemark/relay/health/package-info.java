/** The state and health of the relay. The run writes the state; HTTP and the health check read it. */
@NullMarked
package io.tidemark.relay.health;

import org.jspecify.annotations.NullMarked;
