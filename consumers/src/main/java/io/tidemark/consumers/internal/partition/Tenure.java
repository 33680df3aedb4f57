package io.tidemark.consumers.internal.partition;

/** Whether a partition is still this member's. Set by the polling thread, read by workers too; it only ever ends. */
public final class Tenure {

    private volatile boolean isLeaving;
    private volatile boolean isOver;

    /** No new job from now on. */
    public void leave() {
        isLeaving = true;
    }

    /** The partition may be somebody else's by now: what is still at work is to be rolled back. */
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
