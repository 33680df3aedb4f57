/**
 * What commands print, as text for people and as JSON. Pure.
 */
@NullMarked
package io.tidemark.relay.cli.text;

import org.jspecify.annotations.NullMarked;
