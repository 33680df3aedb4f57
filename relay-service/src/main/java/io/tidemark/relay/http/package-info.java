/**
 * The HTTP interface: JSON, errors as {@code application/problem+json} (RFC 9457). Translates requests into questions
 * to the other packages and their answers into JSON; decides nothing itself. Waiting requests hold no thread.
 */
@NullMarked
package io.tidemark.relay.http;

import org.jspecify.annotations.NullMarked;
