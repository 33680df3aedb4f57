/**
 * Faults that a relay cannot repair itself, and the person who repairs them as described in docs/operations.md. Each
 * leaves events out on purpose. The tests compare what it left out with what the relay itself names.
 */
@NullMarked
package io.tidemark.it.upheaval;

import org.jspecify.annotations.NullMarked;
