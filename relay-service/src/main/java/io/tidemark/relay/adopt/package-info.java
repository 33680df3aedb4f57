/**
 * {@code tidemark adopt}: a person lets a halted source continue at an LSN they name. Meanwhile it holds the source's
 * lock, so that no relay publishes. One thread.
 */
@NullMarked
package io.tidemark.relay.adopt;

import org.jspecify.annotations.NullMarked;
