/** What is said of many durations, and what the system tells of a process; for demo, bench and the benchmarks. */
@NullMarked
package io.tidemark.quickstart.measure;

import org.jspecify.annotations.NullMarked;
