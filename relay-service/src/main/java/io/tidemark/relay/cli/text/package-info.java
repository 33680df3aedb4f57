/**
 * The output of commands, as text for people and as JSON. Pure functions.
 */
@NullMarked
package io.tidemark.relay.cli.text;

import org.jspecify.annotations.NullMarked;
