// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.capture;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * The engine ended, did not start in time, or stopped reading. A new engine may succeed. The message says what was
 * seen.
 */
public final class CaptureFailed extends Exception {

    public CaptureFailed(String message) {
        super(message);
    }

    public CaptureFailed(String message, Throwable cause) {
        super(message, cause);
    }

    /** Whether the server ended it with this SQL state and named that object, in whatever language. */
    public boolean isAbout(String sqlState, String object) {
        for (@Nullable Throwable cause = getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException error
                    && sqlState.equals(error.getSQLState())
                    && String.valueOf(error.getMessage()).contains(object)) {
                return true;
            }
        }
        return false;
    }
}
