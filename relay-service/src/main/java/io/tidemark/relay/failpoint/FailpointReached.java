package io.tidemark.relay.failpoint;

/** What an armed failpoint throws when it is to end the run but not the process. */
public final class FailpointReached extends RuntimeException {

    FailpointReached(Failpoint failpoint) {
        super("failpoint " + failpoint.label());
    }
}
