/**
 * The bench: how the relay does on this machine, on servers of its own. Written as a user would measure it: plain JDBC,
 * a plain {@code read_committed} consumer, a plain consumer group, HTTP. It counts every event it wrote; a figure from a
 * run that lost one would be worth nothing. Phases on the main thread, consumers and writers on their own.
 */
@NullMarked
package io.tidemark.quickstart.bench;

import org.jspecify.annotations.NullMarked;
