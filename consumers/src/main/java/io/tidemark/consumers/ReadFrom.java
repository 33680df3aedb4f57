// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

/** Where to read, after a wait for a projection. */
public enum ReadFrom {
    /** The projection: it has applied everything up to the token. */
    PROJECTION,
    /** The projection, although it may lack events up to the token: the caller chose {@link Fallback#STALE}. */
    STALE_PROJECTION,
    /** The primary database: the caller chose {@link Fallback#PRIMARY}. */
    PRIMARY
}
