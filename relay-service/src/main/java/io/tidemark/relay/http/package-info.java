/**
 * The HTTP interface: JSON, with errors as {@code application/problem+json} (RFC 9457). Translates requests into calls
 * of the other packages, and their answers into JSON; makes no decisions. Waiting requests hold no thread.
 */
@NullMarked
package io.tidemark.relay.http;

import org.jspecify.annotations.NullMarked;
