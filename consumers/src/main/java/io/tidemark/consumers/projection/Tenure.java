package io.tidemark.consumers.projection;

/** Whether a partition is still this member's. Set by the polling thread, read by workers too; it only ever ends. */
final class Tenure {

    private volatile boolean isLeaving;
    private volatile boolean isOver;

    /** No new job from now on. */
    void leave() {
        isLeaving = true;
    }

    /** The partition may be somebody else's by now: what is still at work is to be rolled back. */
    void end() {
        isLeaving = true;
        isOver = true;
    }

    boolean isLeaving() {
        return isLeaving;
    }

    boolean isOver() {
        return isOver;
    }
}
