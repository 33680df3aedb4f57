package io.tidemark.consumers;

/** Where a reader is to read, after it has waited for a projection. */
public enum ReadFrom {
    /** The projection: it has everything up to the token. */
    PROJECTION,
    /** The projection although it may lack something: the caller prefers that to waiting longer. */
    STALE_PROJECTION,
    /** The primary database. */
    PRIMARY
}
