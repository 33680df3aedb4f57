/**
 * Wiring only: {@link io.tidemark.relay.Relay} composes the parts that live as long as the process, and
 * {@link io.tidemark.relay.RelayApplication} runs it in Dropwizard. Every other package is one step and uses only the
 * packages that the package table allows.
 */
@NullMarked
package io.tidemark.relay;

import org.jspecify.annotations.NullMarked;
