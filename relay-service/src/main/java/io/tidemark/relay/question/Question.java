// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.question;

import io.tidemark.outbox.Token;

/** What a caller wants a projection to have. */
public sealed interface Question {

    /** Everything that the token covers. */
    record OfToken(Token token) implements Question {}

    /** Everything that is committed in the source when the question arrives. */
    record Now() implements Question {}

    /** Everything that was committed in the source this long before the answer. */
    record Within(long maxStalenessMillis) implements Question {

        /** A shorter one could not be proved: a look at Postgres and one at Kafka take milliseconds. */
        public static final long LEAST_MILLIS = 100;

        public Within {
            if (maxStalenessMillis < LEAST_MILLIS) {
                throw new IllegalArgumentException(maxStalenessMillis + " ms is less than " + LEAST_MILLIS + " ms");
            }
        }
    }
}
