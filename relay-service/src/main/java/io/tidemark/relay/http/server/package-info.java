/**
 * Filters and servlets around the resources: bearer tokens, request metrics, readiness, and the admin port without
 * Dropwizard's tasks. On Jetty's threads.
 */
@NullMarked
package io.tidemark.relay.http.server;

import org.jspecify.annotations.NullMarked;
