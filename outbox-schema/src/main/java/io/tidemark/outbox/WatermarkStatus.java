package io.tidemark.outbox;

import java.util.Locale;
import java.util.Optional;

/**
 * What a relay answers to "has it caught up with this token?", for projections and for replicas. With {@code strict=true}
 * the HTTP status is {@link #strictHttpStatus}; otherwise it is 200 and the status stands in the body alone.
 */
public enum WatermarkStatus {
    /** Everything up to the token is consumed and committed, or visible on the replica. */
    SUCCESS(200),
    /** Not within the wait. */
    TIMEOUT(412),
    /** The group has members, and a partition has not moved for long. */
    STALLED(412),
    /** The group has no members, and nothing moves. */
    STOPPED(412),
    /** The group has gone back, and goes over its events again. */
    REBUILDING(412),
    /** The relay cannot judge the token, and waiting does not help. */
    UNKNOWN(412),
    /** The token lies beyond the database's WAL: no write can have made it here. */
    AHEAD(409),
    /** The token lies on a part of an older timeline that the database no longer has: its write was lost. */
    DIVERGED(409),
    /** The token is of a source that the relay does not serve. */
    FOREIGN(409),
    /** The history in which the token could be judged is gone. */
    EXPIRED(410),
    /** No relay has answered within the timeout. What a client reports; a relay never sends it. */
    UNREACHABLE(503);

    private final int strictHttpStatus;

    WatermarkStatus(int strictHttpStatus) {
        this.strictHttpStatus = strictHttpStatus;
    }

    /** As it stands in JSON. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The status of an answer to a question with {@code strict=true}: 200, 409, 410 or 412; 503 stands for no answer. */
    public int strictHttpStatus() {
        return strictHttpStatus;
    }

    /** What a relay has sent, by {@link #word}; empty for a word that this version does not know. */
    public static Optional<WatermarkStatus> parse(String word) {
        for (WatermarkStatus status : values()) {
            if (status != UNREACHABLE && status.word().equals(word)) {
                return Optional.of(status);
            }
        }
        return Optional.empty();
    }
}
