// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.assemble;

import io.tidemark.relay.reason.Reason;
import java.io.IOException;
import java.nio.file.Path;

/** A large transaction could not be kept on disk until its commit. Nothing is lost: it will be sent again. */
public final class SpillFailed extends RuntimeException {

    SpillFailed(Path directory, IOException cause) {
        super(
                "cannot keep a large transaction in " + directory + " (" + Reason.of(cause)
                        + "); limits.spillDirectory must be a writable directory with room for the largest transaction:"
                        + " make room there, or name another one",
                cause);
    }
}
