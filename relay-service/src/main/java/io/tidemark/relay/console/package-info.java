/**
 * The console: its page, and the paths of the API that exist for it. Registered only with {@code console.enabled}.
 * Reads only; works only while somebody looks, except for the history's memory.
 */
@NullMarked
package io.tidemark.relay.console;

import org.jspecify.annotations.NullMarked;
