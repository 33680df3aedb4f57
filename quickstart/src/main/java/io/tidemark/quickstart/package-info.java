/** The command lines of {@code tidemark demo}, {@code tidemark stack} and {@code tidemark bench}. */
@NullMarked
package io.tidemark.quickstart;

import org.jspecify.annotations.NullMarked;
