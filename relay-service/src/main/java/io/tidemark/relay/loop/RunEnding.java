// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.loop;

/** The run was asked to stop in the middle of a turn. The next run continues after what Kafka has. */
final class RunEnding extends RuntimeException {

    private static final long serialVersionUID = 1;

    RunEnding() {
        super("the run ends in the middle of a turn", null, false, false);
    }
}
