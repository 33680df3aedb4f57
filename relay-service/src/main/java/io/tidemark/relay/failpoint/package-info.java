/**
 * Named places at which tests make a relay crash, fail or stand still. Never armed in production: that takes the system
 * property {@code io.tidemark.failpoints}, and a relay that finds it says so loudly. Safe on any thread.
 */
@NullMarked
package io.tidemark.relay.failpoint;

import org.jspecify.annotations.NullMarked;
