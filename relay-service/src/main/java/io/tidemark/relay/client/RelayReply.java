package io.tidemark.relay.client;

import com.fasterxml.jackson.databind.JsonNode;

/** What came of one request to one relay. */
public sealed interface RelayReply {

    /** Whether the relay has told what was asked. */
    default boolean isOk() {
        return this instanceof Answer answer && answer.status() == 200;
    }

    /** Why not, for a person. */
    String reason();

    /**
     * The relay has answered.
     *
     * @param status HTTP's
     * @param body a problem, mostly, when the status is not 200
     * @param retryAfterMillis how long it wants to be left alone; 0 where it does not say
     */
    record Answer(int status, JsonNode body, long retryAfterMillis) implements RelayReply {

        /** Whether it may know in a moment, or another replica may. */
        public boolean isForLater() {
            return status == 429 || status == 503;
        }

        @Override
        public String reason() {
            return "HTTP " + status + ": " + body.path("detail").asText()
                    + (status == 401 ? "; give the file with it with --bearer-token-file" : "");
        }
    }

    /** Nobody has, or nobody that is a relay. */
    record NoAnswer(String reason) implements RelayReply {}
}
