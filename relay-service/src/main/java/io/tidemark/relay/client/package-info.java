/**
 * The command line's client of running relays, over the public HTTP API. Runs on the command's thread. Every request
 * has a timeout, and every answer a maximum size. Does not depend on the relay's internals.
 */
@NullMarked
package io.tidemark.relay.client;

import org.jspecify.annotations.NullMarked;
