// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import io.tidemark.outbox.Token;
import java.time.Duration;

/** What a reader wants to see: the writes of a token, or, without a token, everything up to some moment. */
public sealed interface Freshness {

    /** Everything that the token covers. */
    record OfToken(Token token) implements Freshness {}

    /** Everything that is committed in the source when a relay receives the question. */
    record Now() implements Freshness {}

    /**
     * Everything that was committed in the source this long before the answer.
     *
     * @param maxStaleness 100 ms or more, in whole milliseconds
     */
    record Within(Duration maxStaleness) implements Freshness {

        private static final Duration LEAST = Duration.ofMillis(100);

        public Within {
            if (maxStaleness.compareTo(LEAST) < 0) {
                throw new IllegalArgumentException("maxStaleness is " + maxStaleness
                        + "; it must be 100 ms or more. For everything committed up to now, use Freshness.now()");
            }
        }
    }

    static Freshness of(Token token) {
        return new OfToken(token);
    }

    static Freshness now() {
        return new Now();
    }

    /** @throws IllegalArgumentException when it is less than 100 ms */
    static Freshness within(Duration maxStaleness) {
        return new Within(maxStaleness);
    }
}
