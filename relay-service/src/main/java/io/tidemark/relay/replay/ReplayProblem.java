// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.replay;

/** The request cannot be replayed, at all or now; nothing was published. The message says why, and the fix. */
public final class ReplayProblem extends Exception {

    ReplayProblem(String message) {
        super(message);
    }
}
