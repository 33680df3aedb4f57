// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.explain;

import io.tidemark.relay.explain.EventTrace.Found;

/** How the search for one event in one topic ended. */
sealed interface Search {

    record There(Found record) implements Search {}

    /** Everything was read that was there when it began. */
    record NotThere() implements Search {}

    /**
     * It may be where nobody has looked.
     *
     * @param reason in words
     */
    record Incomplete(String reason) implements Search {}
}
