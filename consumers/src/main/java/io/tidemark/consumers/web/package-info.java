/**
 * Tokens over HTTP, in the header {@code Tidemark-Token}: taken from a request, added to a response; for JAX-RS and for
 * servlets. The filters need their API on the class path, nothing else here does. On the request's thread.
 */
@NullMarked
package io.tidemark.consumers.web;

import org.jspecify.annotations.NullMarked;
