// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.failpoint;

/** Thrown by a failpoint that ends the run but not the process. */
public final class FailpointReached extends RuntimeException {

    FailpointReached(Failpoint failpoint) {
        super("failpoint " + failpoint.label());
    }
}
