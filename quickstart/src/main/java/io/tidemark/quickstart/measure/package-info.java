/** Quantiles of durations and the system's figures of a process, for demo, bench and the benchmarks. */
@NullMarked
package io.tidemark.quickstart.measure;

import org.jspecify.annotations.NullMarked;
