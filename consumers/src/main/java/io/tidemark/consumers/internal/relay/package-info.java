/**
 * The requests of a relay's HTTP interface, and what is read from its responses. On the caller's thread, which waits.
 * Promise: what a relay does not say for certain is never a success.
 */
@NullMarked
package io.tidemark.consumers.internal.relay;

import org.jspecify.annotations.NullMarked;
