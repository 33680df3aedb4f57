/**
 * Writes answers: problems (RFC 9457), and answers to waiting requests. A few separate threads write, so that a client
 * that does not read never blocks a thread that decides.
 */
@NullMarked
package io.tidemark.relay.http.response;

import org.jspecify.annotations.NullMarked;
