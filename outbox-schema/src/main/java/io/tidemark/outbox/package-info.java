/**
 * The contract between writers, relay and readers: LSNs, positions, tokens, header names, the outbox SQL and a writer
 * on plain JDBC. Values are immutable and safe on any thread. The only dependency is the JDK.
 */
@NullMarked
package io.tidemark.outbox;

import org.jspecify.annotations.NullMarked;
