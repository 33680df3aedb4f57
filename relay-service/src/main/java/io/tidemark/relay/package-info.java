/**
 * Wiring only: {@link io.tidemark.relay.Relay} composes what lives as long as the process, and
 * {@link io.tidemark.relay.RelayApplication} puts it into Dropwizard. Every other package is one step and knows only those
 * that the package table lets it know.
 */
@NullMarked
package io.tidemark.relay;

import org.jspecify.annotations.NullMarked;
