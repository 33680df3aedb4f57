// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.simulation;

/** A guarantee that does not hold; the message names it. */
final class Violation extends RuntimeException {

    Violation(String message) {
        super(message);
    }
}
