// SPDX-License-Identifier: Apache-2.0
package io.tidemark.outbox;

import java.util.Locale;
import java.util.Optional;

/**
 * A relay's answer to "has it caught up with this token?", for projections and replicas. With {@code strict=true} the
 * HTTP status is {@link #strictHttpStatus}; otherwise it is 200, and only the body has the status.
 */
public enum WatermarkStatus {
    /** Everything up to the token is consumed and committed by the group, or visible on the replica. */
    SUCCESS(200),
    /** Not caught up within the wait. */
    TIMEOUT(412),
    /** The group has members, but a partition has made no progress for a long time. */
    STALLED(412),
    /** The group has no members, and makes no progress. */
    STOPPED(412),
    /** The group was set back, and consumes its events again. */
    REBUILDING(412),
    /** The relay cannot judge the token, and waiting does not help. */
    UNKNOWN(412),
    /** The token is beyond the database's WAL: no write of this database created it. */
    AHEAD(409),
    /** The token is on a part of an older timeline that the database no longer has: its write was lost. */
    DIVERGED(409),
    /** The token is from a source that the relay does not serve. */
    FOREIGN(409),
    /** The history that is needed to judge the token no longer exists. */
    EXPIRED(410),
    /** No relay has answered within the timeout. Only clients report it; a relay does not send it. */
    UNREACHABLE(503);

    private final int strictHttpStatus;

    WatermarkStatus(int strictHttpStatus) {
        this.strictHttpStatus = strictHttpStatus;
    }

    /** The name in JSON. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The HTTP status of an answer with {@code strict=true}: 200, 409, 410 or 412; 503 means no answer. */
    public int strictHttpStatus() {
        return strictHttpStatus;
    }

    /** The status with this {@link #word}; empty for a word that this version does not know. */
    public static Optional<WatermarkStatus> parse(String word) {
        for (WatermarkStatus status : values()) {
            if (status != UNREACHABLE && status.word().equals(word)) {
                return Optional.of(status);
            }
        }
        return Optional.empty();
    }
}
