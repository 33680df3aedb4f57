/** Measures speed and memory. Prints figures, without assertions. Not in {@code mvn verify}; see docs/benchmarks.md. */
@NullMarked
package io.tidemark.it.benchmark;

import org.jspecify.annotations.NullMarked;
