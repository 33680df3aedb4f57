// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console.view;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * The replication slot, and how long Postgres will still keep it.
 *
 * @param hoursUntilLost at the rate of the last minutes; empty if nothing is lost at that rate, or it is not known
 */
record SlotOutlook(
        String name, String status, OptionalLong retainedBytes, OptionalLong safeBytes, OptionalDouble hoursUntilLost) {

    private static final int WORRY_HOURS = 24;
    /** Share of the limit at which a slot counts as about to be lost, whatever the rate. */
    private static final double WORRY_SHARE = 0.2;

    static SlotOutlook of(ReplicaReply replica) {
        JsonNode slot =
                replica.source().map(source -> source.path("slot")).orElse(JsonNodeFactory.instance.objectNode());
        String status = slot.has("exists")
                ? (slot.path("exists").asBoolean() ? slot.path("walStatus").asText() : "missing")
                : "unknown";
        OptionalLong safe = number(slot.path("safeBytes"));
        return new SlotOutlook(
                slot.path("name").asText(),
                status,
                number(slot.path("retainedBytes")),
                safe,
                safe.isEmpty() ? OptionalDouble.empty() : hours(replica, safe.getAsLong()));
    }

    private static OptionalLong number(JsonNode value) {
        return value.isNumber() ? OptionalLong.of(value.asLong()) : OptionalLong.empty();
    }

    /** By how much the remaining bytes have shrunk over the samples. */
    private static OptionalDouble hours(ReplicaReply replica, long safe) {
        if (replica.history().isEmpty()) {
            return OptionalDouble.empty();
        }
        JsonNode series = replica.history().get().path("safeBytes");
        JsonNode times = replica.history().get().path("timesMillis");
        for (int i = 0; i < series.size() - 1; i++) {
            JsonNode last = series.path(series.size() - 1);
            if (series.path(i).isNumber() && last.isNumber()) {
                double shrunk = series.path(i).asDouble() - last.asDouble();
                double hours =
                        (times.path(series.size() - 1).asLong() - times.path(i).asLong()) / 3_600_000.0;
                return shrunk <= 0 || hours <= 0
                        ? OptionalDouble.empty()
                        : OptionalDouble.of(Math.max(0, safe) / (shrunk / hours));
            }
        }
        return OptionalDouble.empty();
    }

    boolean isAboutToBeLost() {
        if (status.equals("unreserved")) {
            return true;
        }
        if (safeBytes.isEmpty() || retainedBytes.isEmpty()) {
            return false;
        }
        long limit = Math.max(0, safeBytes.getAsLong()) + retainedBytes.getAsLong();
        return safeBytes.getAsLong() < WORRY_SHARE * limit || hoursUntilLost.orElse(WORRY_HOURS) < WORRY_HOURS;
    }

    ObjectNode json() {
        ObjectNode json =
                JsonNodeFactory.instance.objectNode().put("name", name).put("status", status);
        retainedBytes.ifPresent(bytes -> json.put("retainedBytes", bytes));
        safeBytes.ifPresent(bytes -> json.put("safeBytes", bytes));
        hoursUntilLost.ifPresent(hours -> json.put("hoursUntilLost", Math.round(hours * 10) / 10.0));
        return json;
    }
}
