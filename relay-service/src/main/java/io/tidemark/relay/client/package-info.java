/**
 * What the command line asks of running relays, over HTTP as anybody else would. On the command's own thread; every
 * request has a timeout, every answer a limit. Knows nothing of the relay's insides.
 */
@NullMarked
package io.tidemark.relay.client;

import org.jspecify.annotations.NullMarked;
