// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.apply;

import java.nio.channels.ClosedByInterruptException;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** Decides what a failure means: is the event to blame, or is the database unreachable? No other class decides that. */
final class FailureRule {

    private static final int VALIDATION_SECONDS = 2;

    /** Who is to blame. */
    enum Blame {
        /** The event or its handler. The database is reachable. */
        EVENT,
        /** The session has ended. One failure does not show whether the server or the event ended it. */
        SESSION,
        /**
         * Other transactions, or a cancel request. A retry can succeed later. Also an interrupt, which asks this
         * program to end.
         */
        NOBODY,
        /** The JVM has run out of memory, or is broken. Nothing in it is reliable. */
        JVM,
        /** The database cannot be used for any event: it has no space, or is a standby. */
        DATABASE
    }

    private FailureRule() {}

    /** @param connection the connection on which it failed */
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

    /** Whether an interrupt is the failure or a cause of it. Then the thread's flag must be set again. */
    static boolean isInterrupt(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof InterruptedException) {
                return true;
            }
        }
        return false;
    }

    /** The JVM error that is the failure or its cause; null if none. A stack overflow is the handler's fault. */
    static @Nullable VirtualMachineError jvmError(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof VirtualMachineError error && !(error instanceof StackOverflowError)) {
                return error;
            }
        }
        return null;
    }

    /**
     * By the error classes of the Postgres manual, appendix A: out of space or connections (53), system errors (58), a
     * standby (25006), stopping or starting (57P); a transaction rolled back because of others, by a serialization
     * failure or a deadlock (40); a lock timeout (55P03); a statement canceled by a timeout or a person (57014). For a
     * lost connection (08) the connection itself is tested, because a handler may use other connections.
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
