// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers;

import java.util.List;
import java.util.function.IntFunction;

/**
 * A read model: its topics, and how their events are applied. Immutable; the constructor rejects values out of range with
 * an {@link IllegalArgumentException} that names the setting.
 *
 * @param name as in the relay's configuration ({@code projections[].name}); the consumer group too, unless
 *     {@code group.id} is set
 * @param generation starts at 1; increase it by one to rebuild the projection from the beginning of its topics. Once a
 *     newer generation is read, an older one is never written again
 * @param topics at least one; read from their beginning
 * @param handler applies events
 * @param onFailure what happens to an event that cannot be applied
 * @param maxBatch maximum number of events in one database transaction; 1 to 100,000
 */
public record Projection(
        String name, int generation, List<String> topics, BatchHandler handler, FailurePolicy onFailure, int maxBatch) {

    private static final int MOST_IN_A_BATCH = 100_000;
    private static final int DEFAULT_BATCH = 500;
    private static final int DEFAULT_ATTEMPTS = 5;

    public Projection {
        if (name.isBlank()) {
            throw new IllegalArgumentException("name is empty; set the name that the relay's configuration has");
        }
        if (generation < 1) {
            throw new IllegalArgumentException(
                    "generation of projection " + name + " must be 1 or more, not " + generation);
        }
        topics = List.copyOf(topics);
        if (topics.isEmpty()) {
            throw new IllegalArgumentException(
                    "topics of projection " + name + " are empty; name at least one, for example outbox.order");
        }
        if (maxBatch < 1 || maxBatch > MOST_IN_A_BATCH) {
            throw new IllegalArgumentException(
                    "maxBatch of projection " + name + " must be from 1 to " + MOST_IN_A_BATCH + ", not " + maxBatch);
        }
    }

    /**
     * Applies one event after another, up to 500 in a transaction. A partition stops at an event that fails five times.
     */
    public static Projection of(String name, List<String> topics, EventHandler handler) {
        return ofBatches(name, topics, BatchHandler.each(handler));
    }

    /** The same with up to 500 events in one call. */
    public static Projection ofBatches(String name, List<String> topics, BatchHandler handler) {
        return ofGeneration(name, 1, topics, generation -> handler);
    }

    /**
     * One generation of a projection. While an older generation is read, this one is built beside it; then it replaces
     * the older one.
     *
     * @param handler creates the handler of the generation; it must write only to tables, or rows, of this generation
     */
    public static Projection ofGeneration(
            String name, int generation, List<String> topics, IntFunction<BatchHandler> handler) {
        return new Projection(
                name,
                generation,
                topics,
                handler.apply(generation),
                FailurePolicy.stopAfter(DEFAULT_ATTEMPTS),
                DEFAULT_BATCH);
    }

    /** The same projection with another failure policy. */
    public Projection onFailure(FailurePolicy policy) {
        return new Projection(name, generation, topics, handler, policy, maxBatch);
    }

    /** The same projection with another maximum of events in one transaction. */
    public Projection maxBatch(int events) {
        return new Projection(name, generation, topics, handler, onFailure, events);
    }
}
