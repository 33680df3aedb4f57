// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.question;

import io.tidemark.outbox.Token;
import io.tidemark.relay.watermark.Answer;
import java.util.OptionalLong;

/**
 * How a question ended.
 *
 * @param <R> the answer to a question about a token
 */
public sealed interface Outcome<R> {

    /**
     * There is an answer.
     *
     * @param token the one that was asked about, or the one that the question was turned into
     * @param waitedMillis since the question arrived
     * @param stalenessMillis if caught up without a token of the caller: everything that was committed in the source
     *     this long before the answer is included
     */
    record Answered<R>(Token token, R answer, long waitedMillis, OptionalLong stalenessMillis) implements Outcome<R> {}

    /**
     * The question could not be turned into one about a token.
     *
     * @param why {@link Answer.Unavailable} or {@link Answer.TooManyWaiters}
     */
    record NotAsked<R>(Answer why) implements Outcome<R> {}
}
