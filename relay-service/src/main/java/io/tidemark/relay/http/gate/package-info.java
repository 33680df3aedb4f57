/**
 * The gate for proxies ({@code /v1/gate/{projection}}): a proxy asks before it passes a request to the application, and
 * a request with a token waits until the projection has caught up. Without Jersey, as many gates are open at once. On
 * Jetty's threads; waits are answered on the threads of {@code ResponseWriter}. Never reports {@code success} if a part
 * of the token could not be read.
 */
@NullMarked
package io.tidemark.relay.http.gate;

import org.jspecify.annotations.NullMarked;
