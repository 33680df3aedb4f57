// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.assemble;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** A large transaction could not be kept on disk until its commit. Nothing is lost: it will be sent again. */
public final class SpillFailed extends RuntimeException {

    SpillFailed(Path directory, IOException cause) {
        super(
                "cannot keep a large transaction in " + directory + " (" + reason(cause)
                        + "); limits.spillDirectory must be a writable directory with room for the largest transaction:"
                        + " make room there, or name another one",
                cause);
    }

    /** The messages of these two exceptions contain only a path. */
    private static String reason(IOException cause) {
        if (cause instanceof NoSuchFileException) {
            return "it does not exist";
        }
        if (cause instanceof AccessDeniedException) {
            return "access denied";
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }
}
