/** The command lines of {@code tidemark demo} and {@code tidemark stack}. */
@NullMarked
package io.tidemark.quickstart;

import org.jspecify.annotations.NullMarked;
