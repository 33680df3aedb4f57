package io.tidemark.relay.metrics;

import io.tidemark.outbox.Lsn;
import io.tidemark.relay.health.RelayState.Phase;
import java.util.OptionalDouble;

/**
 * How long this replica's capture and publishing lag behind the WAL. None while another replica is at work: that one
 * has them, and what this one knows of it stands still when this one is cut off. Safe on any thread.
 */
final class Lags {

    private final LagClock clock = new LagClock();

    /**
     * What is known of source and relay at one moment.
     *
     * @param isStreamed whether somebody, this replica or another, streams from the slot
     * @param received up to where the stream of this replica has come
     * @param captured the last that was captured
     * @param published by whoever is active
     */
    record Inputs(Phase phase, boolean isStreamed, Lsn received, Lsn captured, Lsn published) {

        /** While starting it is this replica's own stream. */
        private boolean isOthers() {
            return phase == Phase.STANDBY || (isStreamed && phase != Phase.RUNNING && phase != Phase.STARTING);
        }

        /** Where nothing is left to publish: what is captured is published, up to where the stream has come. */
        private Lsn publishedUpTo() {
            return phase == Phase.RUNNING && published.isAtLeast(captured) ? Lsn.max(published, received) : published;
        }
    }

    /** The WAL ends there now. Whoever takes over is measured from then on. */
    void see(Lsn walHead, Inputs inputs, long nanos) {
        if (inputs.isOthers()) {
            clock.clear();
        } else {
            Lsn published = inputs.publishedUpTo();
            clock.forgetUpTo(inputs.received().isAfter(published) ? published : inputs.received());
        }
        clock.mark(walHead, nanos);
    }

    /** Another database: its LSNs mean something else. */
    void clear() {
        clock.clear();
    }

    /** Only while there is a stream of this replica. */
    OptionalDouble captureSeconds(Inputs inputs, long nanos) {
        return inputs.phase() == Phase.RUNNING
                ? OptionalDouble.of(clock.secondsBehind(inputs.received(), nanos))
                : OptionalDouble.empty();
    }

    /** Also when nobody publishes. */
    OptionalDouble publishSeconds(Inputs inputs, long nanos) {
        return inputs.isOthers()
                ? OptionalDouble.empty()
                : OptionalDouble.of(clock.secondsBehind(inputs.publishedUpTo(), nanos));
    }
}
