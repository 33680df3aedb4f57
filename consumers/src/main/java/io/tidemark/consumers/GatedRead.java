package io.tidemark.consumers;

import io.tidemark.consumers.WatermarkAnswer.Behind;
import java.util.List;

/** What came of a read through a {@link ReadGate}. */
public sealed interface GatedRead<T> {

    /** The query ran in a snapshot that has everything up to the token. */
    record Fresh<T>(T value) implements GatedRead<T> {}

    /**
     * The query did not run.
     *
     * @param status {@code TIMEOUT} when the projection is behind; {@code UNREACHABLE} when no relay could say what the
     *     token needs; else what the relay says about the token
     * @param behind what was missing in the last snapshot looked at
     */
    record NotFresh<T>(WatermarkStatus status, String reason, List<Behind> behind) implements GatedRead<T> {

        public NotFresh {
            behind = List.copyOf(behind);
        }
    }
}
