package io.tidemark.relay.loop;

/** The run was told to stop while something was not confirmed yet: the next run begins there. */
final class RunEnding extends RuntimeException {

    private static final long serialVersionUID = 1;

    RunEnding() {
        super("the run ends before what was published is confirmed", null, false, false);
    }
}
