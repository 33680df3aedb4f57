// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import io.tidemark.relay.config.WatermarkConfig;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts requests in total, and waits per projection; rejects requests above the limits. Safe on any thread. */
final class Admission {

    private final WatermarkConfig config;
    private final AtomicInteger inside = new AtomicInteger();

    Admission(WatermarkConfig config) {
        this.config = config;
    }

    /** @return the rejection if a limit is reached; empty if the request was counted, and must {@link #leave} */
    Optional<Answer> enter(ProjectionWaiters waiters, boolean isWait) {
        Optional<Answer> tooMany = enterLook();
        if (tooMany.isPresent()) {
            return tooMany;
        }
        if (isWait && waiters.enterWait() > config.maxWaitersPerProjection()) {
            leave(waiters, true);
            return Optional.of(
                    new Answer.TooManyWaiters(config.maxWaitersPerProjection(), "watermark.maxWaitersPerProjection"));
        }
        return Optional.empty();
    }

    /** The same for a request that only reads the standing of projections and does not wait. */
    Optional<Answer> enterLook() {
        if (inside.incrementAndGet() > config.maxWaiters()) {
            inside.decrementAndGet();
            return Optional.of(new Answer.TooManyWaiters(config.maxWaiters(), "watermark.maxWaiters"));
        }
        return Optional.empty();
    }

    void leaveLook() {
        inside.decrementAndGet();
    }

    void leave(ProjectionWaiters waiters, boolean isWait) {
        if (isWait) {
            waiters.leaveWait();
        }
        leaveLook();
    }

    int inside() {
        return inside.get();
    }
}
