// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.metrics;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.health.RelayState.Phase;
import java.util.OptionalDouble;

/**
 * How long capture and publishing of this replica lag behind the WAL. Empty while another replica is active: that
 * replica reports the lags, and the view of this one stops when its connection is cut. Safe on any thread.
 */
final class Lags {

    private final LagClock clock = new LagClock();

    /**
     * The state of source and relay at one moment.
     *
     * @param isStreamed whether a replica, this one or another, streams from the slot
     * @param received how far the stream of this replica has read
     * @param captured the LSN captured last
     * @param published the LSN published by the active replica
     */
    record Inputs(Phase phase, boolean isStreamed, Lsn received, Lsn captured, Lsn published) {

        /** While this replica starts, the stream is its own. */
        private boolean isOthers() {
            return phase == Phase.STANDBY || (isStreamed && phase != Phase.RUNNING && phase != Phase.STARTING);
        }

        /** If everything captured is published, everything up to the stream's position counts as published. */
        private Lsn publishedUpTo() {
            return phase == Phase.RUNNING && published.isAtLeast(captured) ? Lsn.max(published, received) : published;
        }
    }

    /** Records the current end of the WAL. The lag of a replica that takes over starts then. */
    void see(Lsn walHead, Inputs inputs, long nanos) {
        if (inputs.isOthers()) {
            clock.clear();
        } else {
            Lsn published = inputs.publishedUpTo();
            clock.forgetUpTo(inputs.received().isAfter(published) ? published : inputs.received());
        }
        clock.mark(walHead, nanos);
    }

    /** Drops all marks: the LSNs of another database cannot be compared with them. */
    void clear() {
        clock.clear();
    }

    /** Empty if this replica does not stream. */
    OptionalDouble captureSeconds(Inputs inputs, long nanos) {
        return inputs.phase() == Phase.RUNNING
                ? OptionalDouble.of(clock.secondsBehind(inputs.received(), nanos))
                : OptionalDouble.empty();
    }

    /** Also known, and growing, when no replica publishes. */
    OptionalDouble publishSeconds(Inputs inputs, long nanos) {
        return inputs.isOthers()
                ? OptionalDouble.empty()
                : OptionalDouble.of(clock.secondsBehind(inputs.publishedUpTo(), nanos));
    }
}
