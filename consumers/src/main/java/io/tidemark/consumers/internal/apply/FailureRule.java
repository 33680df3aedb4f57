package io.tidemark.consumers.internal.apply;

import java.sql.Connection;
import java.sql.SQLException;

/** Decides what a failure means: is the event to blame, or is the database not there? Nothing else decides that. */
final class FailureRule {

    private static final int VALIDATION_SECONDS = 2;

    /** Who is to blame. */
    enum Blame {
        /** The event, or its handler: the database is there. */
        EVENT,
        /** The session is gone. One failure does not show whether the server went away or the event ended it. */
        SESSION,
        /** The database cannot be used, whatever the event: it has no room, or is a standby. */
        DATABASE
    }

    private FailureRule() {}

    /** @param connection the one it failed on */
    static Blame blame(Throwable failure, Connection connection) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql && sql.getSQLState() != null) {
                Blame blame = blame(sql.getSQLState());
                if (blame != Blame.EVENT) {
                    return blame;
                }
            }
        }
        try {
            return connection.isValid(VALIDATION_SECONDS) ? Blame.EVENT : Blame.SESSION;
        } catch (SQLException e) {
            return Blame.SESSION;
        }
    }

    /**
     * By the classes of the Postgres manual, appendix A: no room or connections (53), system errors (58), a standby
     * (25006), being stopped or started (57P). A lost connection (08) is asked for, because a handler may have others.
     */
    private static Blame blame(String state) {
        if (state.startsWith("53") || state.startsWith("58") || state.equals("25006")) {
            return Blame.DATABASE;
        }
        return state.startsWith("57P") ? Blame.SESSION : Blame.EVENT;
    }
}
