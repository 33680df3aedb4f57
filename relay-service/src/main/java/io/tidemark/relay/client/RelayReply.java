// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.client;

import com.fasterxml.jackson.databind.JsonNode;

/** The result of one request to one relay. */
public sealed interface RelayReply {

    /** Whether the relay has answered the question. */
    default boolean isOk() {
        return this instanceof Answer answer && answer.status() == 200;
    }

    /** Why not, for people. */
    String reason();

    /**
     * The relay has answered.
     *
     * @param status the HTTP status
     * @param body usually a problem, if the status is not 200
     * @param retryAfterMillis from {@code Retry-After}; 0 if absent
     */
    record Answer(int status, JsonNode body, long retryAfterMillis) implements RelayReply {

        /** Whether a later attempt, or another replica, may succeed. */
        public boolean isForLater() {
            return status == 429 || status == 503;
        }

        @Override
        public String reason() {
            return "HTTP " + status + ": " + body.path("detail").asText()
                    + (status == 401 ? "; set the file that contains it with --bearer-token-file" : "");
        }
    }

    /** No relay answered: no connection, or the server is not a relay. */
    record NoAnswer(String reason) implements RelayReply {}
}
