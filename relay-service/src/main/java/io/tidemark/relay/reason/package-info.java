/** Describes a failure for people: its first cause, in words, and never "null". Pure functions. */
@NullMarked
package io.tidemark.relay.reason;

import org.jspecify.annotations.NullMarked;
