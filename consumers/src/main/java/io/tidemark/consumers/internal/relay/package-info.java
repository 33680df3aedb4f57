/**
 * The requests of a relay's HTTP API, and the parsing of its responses. On the caller's thread, which waits. Promise:
 * only a relay's explicit success is a success.
 */
@NullMarked
package io.tidemark.consumers.internal.relay;

import org.jspecify.annotations.NullMarked;
