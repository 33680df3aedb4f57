/**
 * Tokens over HTTP, in the header and the cookie {@code Tidemark-Token}: read from a request, added to a response. For
 * JAX-RS and for servlets. Only the filters need these APIs on the class path. On the request's thread.
 */
@NullMarked
package io.tidemark.consumers.web;

import org.jspecify.annotations.NullMarked;
