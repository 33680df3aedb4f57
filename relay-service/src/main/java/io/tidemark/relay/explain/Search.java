// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.explain;

import io.tidemark.relay.explain.EventTrace.Found;

/** The result of the search for one event in one topic. */
sealed interface Search {

    record There(Found record) implements Search {}

    /** Everything that was there when the search began was read. */
    record NotThere() implements Search {}

    /**
     * The event may be in a part that was not read.
     *
     * @param reason for people
     */
    record Incomplete(String reason) implements Search {}
}
