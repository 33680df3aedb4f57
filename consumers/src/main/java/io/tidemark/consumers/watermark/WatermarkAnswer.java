package io.tidemark.consumers.watermark;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * Whether a projection has caught up with a token, and if not, why.
 *
 * @param phase of a {@code timeout}: {@code source} (not published) or {@code projection} (not consumed); else empty
 * @param reason for people; empty when the status says all
 * @param waitedMillis as relays say, of all requests together
 * @param behind the partitions that are behind, as far as the relay tells
 */
public record WatermarkAnswer(
        String projection,
        WatermarkStatus status,
        String phase,
        String reason,
        long waitedMillis,
        List<Behind> behind) {

    /**
     * A partition that is behind.
     *
     * @param need the offset to reach
     * @param have the offset reached
     */
    public record Behind(String topic, int partition, long need, long have) {}

    public WatermarkAnswer {
        behind = List.copyOf(behind);
    }

    public boolean isCaughtUp() {
        return status == WatermarkStatus.SUCCESS;
    }

    WatermarkAnswer afterWaiting(long millis) {
        return new WatermarkAnswer(projection, status, phase, reason, waitedMillis + millis, behind);
    }

    static WatermarkAnswer unreachable(String projection, String reason, long waitedMillis) {
        return new WatermarkAnswer(projection, WatermarkStatus.UNREACHABLE, "", reason, waitedMillis, List.of());
    }

    static WatermarkAnswer of(JsonNode json) {
        String text = json.path("status").asText();
        WatermarkStatus status =
                WatermarkStatus.parse(text).orElse(WatermarkStatus.UNKNOWN); // nothing unknown is a success
        String reason = json.path("reason").asText();
        List<Behind> behind = new ArrayList<>();
        for (JsonNode partition : json.path("behind")) {
            behind.add(new Behind(
                    partition.path("topic").asText(),
                    partition.path("partition").asInt(),
                    partition.path("need").asLong(),
                    partition.path("have").asLong()));
        }
        return new WatermarkAnswer(
                json.path("projection").asText(),
                status,
                json.path("phase").asText(),
                WatermarkStatus.parse(text).isEmpty()
                        ? "the relay says '" + text + "', which this library does not know"
                        : reason,
                json.path("waitedMillis").asLong(),
                behind);
    }
}
