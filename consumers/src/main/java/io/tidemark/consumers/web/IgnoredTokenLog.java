// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.web;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs ignored tokens, at most one line in ten seconds, because callers decide how often they occur. Safe on any
 * thread.
 */
final class IgnoredTokenLog {

    private static final Logger LOG = LoggerFactory.getLogger(IgnoredTokenLog.class);
    private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final AtomicLong nextNanos = new AtomicLong(System.nanoTime());
    private final AtomicLong ignored = new AtomicLong();

    void ignored(String reason) {
        long count = ignored.incrementAndGet();
        long now = System.nanoTime();
        long next = nextNanos.get();
        if (now - next >= 0 && nextNanos.compareAndSet(next, now + INTERVAL_NANOS)) {
            LOG.warn("event=token-ignored requests={} reason=\"{}\"", count, reason);
        }
    }
}
