// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A projection has not caught up within the timeout, and the caller chose {@link Fallback#FAIL}. */
public final class NotCaughtUpException extends Exception {

    private static final long serialVersionUID = 1L;

    private final transient List<WatermarkAnswer> answers;

    NotCaughtUpException(String message, List<WatermarkAnswer> answers, @Nullable Throwable cause) {
        super(message, cause);
        this.answers = List.copyOf(answers);
    }

    /** The relay's answers, one for each projection asked for. */
    public List<WatermarkAnswer> answers() {
        return answers;
    }
}
