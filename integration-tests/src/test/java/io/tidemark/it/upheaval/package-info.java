/**
 * Faults that a relay cannot mend by itself, and the person who mends them as docs/operations.md says. Each leaves
 * events out on purpose; what it left out is checked against what the relay itself names.
 */
@NullMarked
package io.tidemark.it.upheaval;

import org.jspecify.annotations.NullMarked;
