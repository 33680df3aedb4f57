package io.tidemark.consumers.internal.apply;

import java.nio.channels.ClosedByInterruptException;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** Decides what a failure means: is the event to blame, or is the database not there? Nothing else decides that. */
final class FailureRule {

    private static final int VALIDATION_SECONDS = 2;

    /** Who is to blame. */
    enum Blame {
        /** The event, or its handler: the database is there. */
        EVENT,
        /** The session is gone. One failure does not show whether the server went away or the event ended it. */
        SESSION,
        /**
         * Other transactions, or whoever canceled the statement: the same statements succeed once those are gone. Also an
         * interrupt, which asks this program to end.
         */
        NOBODY,
        /** The JVM: it has run out of memory, or is broken. Nothing in it can be relied on. */
        JVM,
        /** The database cannot be used, whatever the event: it has no room, or is a standby. */
        DATABASE
    }

    private FailureRule() {}

    /** @param connection the one it failed on */
    static Blame blame(Throwable failure, Connection connection) {
        if (jvmError(failure) != null) {
            return Blame.JVM;
        }
        boolean isNobodys = false;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof InterruptedException || cause instanceof ClosedByInterruptException) {
                isNobodys = true;
            }
            if (cause instanceof SQLException sql && sql.getSQLState() != null) {
                Blame blame = blame(sql.getSQLState());
                if (blame == Blame.NOBODY) {
                    isNobodys = true;
                } else if (blame != Blame.EVENT) {
                    return blame;
                }
            }
        }
        if (isNobodys) {
            return Blame.NOBODY;
        }
        try {
            return connection.isValid(VALIDATION_SECONDS) ? Blame.EVENT : Blame.SESSION;
        } catch (SQLException e) {
            return Blame.SESSION;
        }
    }

    /** Whether the interrupt of a thread is the failure, however deep: its flag must be set again. */
    static boolean isInterrupt(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof InterruptedException) {
                return true;
            }
        }
        return false;
    }

    /** The JVM's error that a failure is or has been caused by; null when there is none. A deep recursion is the handler's. */
    static @Nullable VirtualMachineError jvmError(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof VirtualMachineError error && !(error instanceof StackOverflowError)) {
                return error;
            }
        }
        return null;
    }

    /**
     * By the classes of the Postgres manual, appendix A: no room or connections (53), system errors (58), a standby
     * (25006), being stopped or started (57P); a transaction that was rolled back for the sake of others, by a
     * serialization failure or a deadlock (40), a lock that was not to be had in time (55P03), a statement that a timeout or
     * a person has canceled (57014). A lost connection (08) is asked for, because a handler may have others.
     */
    private static Blame blame(String state) {
        if (state.startsWith("53") || state.startsWith("58") || state.equals("25006")) {
            return Blame.DATABASE;
        }
        if (state.startsWith("40") || state.equals("55P03") || state.equals("57014")) {
            return Blame.NOBODY;
        }
        return state.startsWith("57P") ? Blame.SESSION : Blame.EVENT;
    }
}
