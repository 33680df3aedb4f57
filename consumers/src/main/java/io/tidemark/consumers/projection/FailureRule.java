package io.tidemark.consumers.projection;

import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** Decides what a failure means: is the event to blame, or is the database not there? Nothing else decides that. */
final class FailureRule {

    private static final int VALIDATION_SECONDS = 2;

    private FailureRule() {}

    /**
     * Whether the database could not be used, so that the same events may well succeed later.
     *
     * @param connection the one it failed on; null when there was none
     */
    static boolean isDatabaseAway(Throwable failure, @Nullable Connection connection) {
        if (connection == null || isUnusable(failure)) {
            return true;
        }
        try {
            return !connection.isValid(VALIDATION_SECONDS);
        } catch (SQLException e) {
            return true;
        }
    }

    /**
     * By the classes of the Postgres manual, appendix A: no room or connections (53), being stopped or started (57P),
     * system errors (58), a standby (25006). A lost connection (08) is asked for, because a handler may have others.
     */
    private static boolean isUnusable(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql && sql.getSQLState() != null) {
                String state = sql.getSQLState();
                if (state.startsWith("53")
                        || state.startsWith("57P")
                        || state.startsWith("58")
                        || state.equals("25006")) {
                    return true;
                }
            }
        }
        return false;
    }
}
