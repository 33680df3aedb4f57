// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.relay;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemark.consumers.RelayRequestException;
import io.tidemark.consumers.internal.progress.ProgressTable.Partition;
import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.WatermarkStatus;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Which offset each partition must have reached for a token. A relay is asked once for each token. The answer is kept
 * for some minutes: the events published up to an LSN do not change, but the projection's topics may. Bounded: the
 * least recently used token is forgotten. Safe on any thread.
 */
public final class TokenOffsets {

    /** Statuses that mean that the relay knows the token, whatever the state of the group; none if no group was asked. */
    private static final Set<WatermarkStatus> KNOWN = EnumSet.of(
            WatermarkStatus.SUCCESS,
            WatermarkStatus.TIMEOUT,
            WatermarkStatus.STALLED,
            WatermarkStatus.STOPPED,
            WatermarkStatus.REBUILDING);

    private static final long KEPT_NANOS = TimeUnit.MINUTES.toNanos(5);

    private final String projection;
    private final RelayApi relays;
    private final LongSupplier nanoClock;
    private final Map<Token, Kept> cache;

    private record Kept(Map<Partition, Need> offsets, long sinceNanos) {}

    /**
     * What a token needs in one partition.
     *
     * @param offset the first one that need not be applied
     * @param topicId Kafka's id of the topic that the offset belongs to; empty if the relay does not name it
     */
    public record Need(long offset, Optional<String> topicId) {}

    /** The offsets that a token needs, or why they are not known. */
    public sealed interface Result {
        record Known(Map<Partition, Need> offsets) implements Result {}

        record NotPublished() implements Result {}

        /** @param token the one to carry on with */
        record Unanswerable(WatermarkStatus status, String reason, Optional<Token> token) implements Result {}
    }

    public TokenOffsets(String projection, RelayApi relays, int maxTokens, LongSupplier nanoClock) {
        this.projection = projection;
        this.relays = relays;
        this.nanoClock = nanoClock;
        this.cache = new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<Token, Kept> eldest) {
                return size() > maxTokens;
            }
        };
    }

    public Result of(Token token, Deadline deadline) throws InterruptedException {
        Map<Partition, Need> known = cached(token);
        if (known != null) {
            return new Result.Known(known);
        }
        Result result;
        try {
            result = relays.explain(token, projection, json -> read(token, json), deadline);
        } catch (RelayHttp.NoRelayAnswered e) {
            return new Result.Unanswerable(
                    WatermarkStatus.UNREACHABLE, String.valueOf(e.getMessage()), Optional.of(token));
        }
        if (result instanceof Result.Known found) {
            synchronized (cache) {
                cache.put(token, new Kept(found.offsets(), nanoClock.getAsLong()));
            }
        }
        return result;
    }

    private @Nullable Map<Partition, Need> cached(Token token) {
        synchronized (cache) {
            Kept kept = cache.get(token);
            if (kept == null || nanoClock.getAsLong() - kept.sinceNanos() >= KEPT_NANOS) {
                cache.remove(token);
                return null;
            }
            return kept.offsets();
        }
    }

    private Reading<Result> read(Token token, JsonNode explained) {
        if (!explained.path("projections").isArray()) {
            return new Reading.NoAnswer<>("JSON without projections");
        }
        for (JsonNode entry : explained.path("projections")) {
            if (entry.path("projection").asText().equals(projection)) {
                WatermarkStatus status =
                        WatermarkStatus.parse(entry.path("status").asText()).orElse(WatermarkStatus.UNKNOWN);
                if (entry.has("status") && !KNOWN.contains(status)) {
                    return new Reading.Answer<>(new Result.Unanswerable(
                            status,
                            entry.path("reason").asText(),
                            explained.has("carryOn")
                                    ? relays.token(explained.path("carryOn"), token)
                                    : Optional.of(token)));
                }
                return new Reading.Answer<>(
                        isPublished(token, explained.path("published"))
                                ? new Result.Known(offsets(entry.path("partitions")))
                                : new Result.NotPublished());
            }
        }
        return new Reading.Refusal<>(new RelayRequestException(
                404, "the relay has no projection '" + projection + "'; add it to projections[]"));
    }

    /** Before the token is published, the known offsets are too low. */
    private static boolean isPublished(Token token, JsonNode published) {
        if (published.isBoolean()) {
            return published.booleanValue();
        }
        if (!published.isTextual()) {
            return false;
        }
        Lsn upTo = Lsn.parse(published.textValue());
        return token.parts().stream().allMatch(part -> upTo.isAtLeast(part.lsn()));
    }

    private static Map<Partition, Need> offsets(JsonNode partitions) {
        Map<Partition, Need> offsets = new HashMap<>();
        for (JsonNode partition : partitions) {
            offsets.put(
                    new Partition(
                            partition.required("topic").asText(),
                            partition.required("partition").asInt()),
                    new Need(
                            partition.required("need").asLong(),
                            Optional.ofNullable(partition.path("topicId").textValue())));
        }
        return Map.copyOf(offsets);
    }
}
