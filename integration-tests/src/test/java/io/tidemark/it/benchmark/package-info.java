/** How fast, and how much memory: prints figures and decides nothing. Not in {@code mvn verify}; docs/benchmarks.md has the commands. */
@NullMarked
package io.tidemark.it.benchmark;

import org.jspecify.annotations.NullMarked;
