// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console.view;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemark.outbox.Lsn;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Since when everything committed is in Kafka. Remembers which end of the WAL was seen when; what is published now has
 * reached one of them. This is sharper than the sampled lag while somebody looks. Safe on any thread.
 */
final class Freshness {

    private static final int MOST_MARKS = 64;
    /** The age of the lag: a sample is up to five seconds old, and so is what the metrics had seen of the WAL by then. */
    private static final double SAMPLED_SECONDS = 10;

    private record Mark(String source, Lsn walHead, long atMillis) {}

    private final Deque<Mark> marks = new ArrayDeque<>();

    /** @return seconds; empty if it is not known */
    synchronized OptionalDouble of(ReplicaReply active, long nowMillis) {
        OptionalDouble sampled = active.publishLagSeconds(nowMillis);
        OptionalDouble seen = seenSeconds(active, nowMillis);
        if (sampled.isEmpty()) {
            return seen;
        }
        double bound = sampled.getAsDouble() + SAMPLED_SECONDS;
        return OptionalDouble.of(Math.min(bound, seen.orElse(bound)));
    }

    private OptionalDouble seenSeconds(ReplicaReply active, long nowMillis) {
        Optional<JsonNode> source =
                active.source().filter(body -> body.path("walHead").isTextual());
        if (source.isEmpty()) {
            return OptionalDouble.empty();
        }
        String id = source.get().path("source").asText() + "/"
                + source.get().path("timeline").asInt();
        marks.removeIf(mark -> !mark.source().equals(id));
        // the head was read during the answer, so it is as old as the whole answer
        marks.addLast(new Mark(id, Lsn.parse(source.get().path("walHead").asText()), nowMillis - active.millis()));
        if (marks.size() > MOST_MARKS) {
            marks.removeFirst();
        }
        Lsn published = Lsn.parse(source.get().path("published").asText());
        OptionalDouble reached = OptionalDouble.empty();
        for (Mark mark : marks) {
            if (published.isAtLeast(mark.walHead())) {
                reached = OptionalDouble.of((nowMillis - mark.atMillis()) / 1000.0);
            }
        }
        return reached;
    }
}
