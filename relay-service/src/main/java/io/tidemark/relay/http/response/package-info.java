/**
 * Writes answers: problems (RFC 9457), and answers to requests that wait, on a few threads of their own, so that a client that
 * does not read never holds a thread that decides.
 */
@NullMarked
package io.tidemark.relay.http.response;

import org.jspecify.annotations.NullMarked;
