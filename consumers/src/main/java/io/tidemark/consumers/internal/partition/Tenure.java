// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.partition;

/**
 * Whether this member still owns a partition. The polling thread sets it, workers also read it. Once ended, it stays
 * so.
 */
public final class Tenure {

    private volatile boolean isLeaving;
    private volatile boolean isOver;

    /** Allows no new job from now on. */
    public void leave() {
        isLeaving = true;
    }

    /** Another member may own the partition by now. Running jobs must be rolled back. */
    public void end() {
        isLeaving = true;
        isOver = true;
    }

    public boolean isLeaving() {
        return isLeaving;
    }

    public boolean isOver() {
        return isOver;
    }
}
