/**
 * The bench: measures the relay on this machine, with separate servers, as a user would: plain JDBC, a plain {@code
 * read_committed} consumer, a plain consumer group, HTTP. It counts every event that it wrote, because the figures of a
 * run that lost an event have no value. Phases on the main thread, consumers and writers on separate threads.
 */
@NullMarked
package io.tidemark.quickstart.bench;

import org.jspecify.annotations.NullMarked;
