// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import io.tidemark.it.harness.TcpProxy.Direction;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** The faults of a {@link TcpProxy}, per direction. Tests set them; the connections' threads read them. */
final class LinkFaults {

    private static final long NEVER = Long.MAX_VALUE;

    private final Map<Direction, Long> delayMillis = new EnumMap<>(Direction.class);
    private final Map<Direction, Long> untilCut = new EnumMap<>(Direction.class);
    private final Map<Direction, Long> passed = new EnumMap<>(Direction.class);
    private final Set<Direction> blackholes = EnumSet.noneOf(Direction.class);

    synchronized void delay(Direction direction, long millis) {
        delayMillis.put(direction, millis);
        notifyAll();
    }

    synchronized void blackhole(Direction direction) {
        blackholes.add(direction);
    }

    synchronized void cutAfter(Direction direction, long bytes) {
        untilCut.put(direction, bytes);
    }

    synchronized void heal() {
        delayMillis.clear();
        untilCut.clear();
        blackholes.clear();
        notifyAll();
    }

    synchronized long passed(Direction direction) {
        return passed.getOrDefault(direction, 0L);
    }

    /** Wakes up waiting threads. */
    synchronized void wake() {
        notifyAll();
    }

    /** Returns when bytes in this direction may be delivered, or the connection is not needed any more. */
    synchronized void awaitPassage(Direction direction, BooleanSupplier unwanted) throws InterruptedException {
        long sinceNanos = System.nanoTime();
        while (!unwanted.getAsBoolean()) {
            long waited = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - sinceNanos);
            long left = delayMillis.getOrDefault(direction, 0L) - waited;
            if (blackholes.contains(direction)) {
                wait();
            } else if (left > 0) {
                wait(left);
            } else {
                return;
            }
        }
    }

    /** The number of these bytes to forward; fewer if the connection must be cut after them. */
    synchronized int take(Direction direction, int bytes) {
        long left = untilCut.getOrDefault(direction, NEVER);
        int taken = (int) Math.min(bytes, left);
        passed.merge(direction, (long) taken, Long::sum);
        if (left != NEVER) {
            if (taken < bytes) {
                untilCut.remove(direction);
            } else {
                untilCut.put(direction, left - taken);
            }
        }
        return taken;
    }
}
