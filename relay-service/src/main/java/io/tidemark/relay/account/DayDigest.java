// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.account;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HexFormat;

/**
 * A set of rows: their number, and the sum of their ids' hashes ({@link IdHash}) modulo 2^64. The order does not
 * matter, and an id that occurs twice counts twice. Differences of two sets may be negative.
 */
public record DayDigest(long rows, long sum) {

    public static final DayDigest NONE = new DayDigest(0, 0);

    public DayDigest plus(DayDigest other) {
        return new DayDigest(rows + other.rows, sum + other.sum);
    }

    public DayDigest minus(DayDigest other) {
        return new DayDigest(rows - other.rows, sum - other.sum);
    }

    public boolean isNone() {
        return equals(NONE);
    }

    public ObjectNode writeTo(ObjectNode json) {
        return json.put("rows", rows).put("digest", HexFormat.of().toHexDigits(sum));
    }

    /** @throws IllegalArgumentException when the JSON is not as {@link #writeTo} writes it */
    public static DayDigest readFrom(JsonNode json) {
        JsonNode rows = json.required("rows");
        JsonNode digest = json.required("digest");
        if (!rows.isIntegralNumber() || !rows.canConvertToLong()) {
            throw new IllegalArgumentException("rows is not a whole number");
        }
        if (!digest.isTextual() || digest.textValue().length() != 16) {
            throw new IllegalArgumentException("digest is not 16 hexadecimal digits");
        }
        return new DayDigest(rows.longValue(), HexFormat.fromHexDigitsToLong(digest.textValue()));
    }
}
