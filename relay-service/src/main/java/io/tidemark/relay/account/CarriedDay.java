// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.account;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.LocalDate;
import java.util.Optional;

/**
 * The digest of the day with the most writes, stored in the position itself. A position is written with every Kafka
 * transaction, the record of all days only from time to time.
 */
public record CarriedDay(LocalDate day, DayDigest digest) {

    private static final String FIELD = "audit";

    public void writeTo(ObjectNode position) {
        digest.writeTo(position.putObject(FIELD).put("day", day.toString()));
    }

    /** @throws IllegalArgumentException when the JSON is not as {@link #writeTo} writes it */
    public static Optional<CarriedDay> readFrom(JsonNode position) {
        JsonNode json = position.path(FIELD);
        if (json.isMissingNode()) {
            return Optional.empty();
        }
        return Optional.of(new CarriedDay(LocalDate.parse(json.required("day").asText()), DayDigest.readFrom(json)));
    }
}
