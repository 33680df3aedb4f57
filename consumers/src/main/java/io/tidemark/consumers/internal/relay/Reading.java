// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.relay;

import io.tidemark.consumers.RelayRequestException;

/** The meaning of a response with status 200 and a JSON object. */
sealed interface Reading<T> {

    /** A relay's answer. */
    record Answer<T>(T value) implements Reading<T> {}

    /** Something else: a gateway's page, or a relay of another version. */
    record NoAnswer<T>(String whatCame) implements Reading<T> {}

    /** The relay can never answer this request. */
    record Refusal<T>(RelayRequestException exception) implements Reading<T> {}
}
