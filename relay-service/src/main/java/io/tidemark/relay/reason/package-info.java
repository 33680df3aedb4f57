/** What a failure says to a person: the first cause, in words, and never "null". Pure. */
@NullMarked
package io.tidemark.relay.reason;

import org.jspecify.annotations.NullMarked;
