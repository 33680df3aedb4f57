// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.position;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemark.outbox.Lsn;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How often a person has chosen the point where the source continues, and what that left out. Part of the position, and
 * so written in every record of it.
 *
 * @param count what was published before the last adoption says nothing about offsets and LSNs after it
 * @param leftOut ranges of commit LSNs that may hold events which were never published, in the order of the adoptions
 */
public record Adoptions(int count, List<LeftOut> leftOut) {

    public static final Adoptions NONE = new Adoptions(0, List.of());

    /**
     * Maximum number of ranges; beyond it, the oldest are merged. A position is written with every Kafka transaction.
     */
    static final int MAX_RANGES = 16;

    /**
     * Events committed in this range may be missing in Kafka.
     *
     * @param after everything up to it was published
     * @param upTo where the source continued
     * @param neverCame whether the events may not be in the stream at all, so that continuing before them would not
     *     bring them
     */
    public record LeftOut(Lsn after, Lsn upTo, boolean neverCame) {

        /** A range of events that the stream would bring if the source continued before them. */
        public LeftOut(Lsn after, Lsn upTo) {
            this(after, upTo, false);
        }

        private boolean contains(Lsn lsn) {
            return lsn.isAfter(after) && upTo.isAtLeast(lsn);
        }

        @Override
        public String toString() {
            return "(" + after + ", " + upTo + "]";
        }
    }

    public Adoptions {
        leftOut = List.copyOf(leftOut);
    }

    /** Adds an adoption that left nothing out. */
    public Adoptions another() {
        return new Adoptions(count + 1, leftOut);
    }

    /** Adds an adoption: everything up to {@code published} is in Kafka, and the source continues after {@code at}. */
    public Adoptions leavingOut(Lsn published, Lsn at) {
        List<LeftOut> ranges = new ArrayList<>();
        for (LeftOut range : leftOut) { // later events are published after all
            if (range.neverCame()) {
                ranges.add(range);
            } else if (at.isAfter(range.after())) {
                ranges.add(new LeftOut(range.after(), range.upTo().isAfter(at) ? at : range.upTo()));
            }
        }
        if (at.isAfter(published)) {
            ranges.add(new LeftOut(published, at));
        }
        return new Adoptions(count + 1, limited(ranges));
    }

    /** The same adoptions, and events committed in {@code (after, upTo]} may never have come through the stream. */
    public Adoptions doubting(Lsn after, Lsn upTo) {
        List<LeftOut> ranges = new ArrayList<>(leftOut);
        if (upTo.isAfter(after)) {
            ranges.add(new LeftOut(after, upTo, true));
        }
        return new Adoptions(count, limited(ranges));
    }

    private static List<LeftOut> limited(List<LeftOut> ranges) {
        if (ranges.size() > MAX_RANGES) {
            LeftOut first = ranges.remove(0);
            LeftOut second = ranges.remove(0);
            ranges.add(
                    0,
                    new LeftOut(
                            first.after().isAfter(second.after()) ? second.after() : first.after(),
                            Lsn.max(first.upTo(), second.upTo()),
                            first.neverCame() || second.neverCame()));
        }
        return ranges;
    }

    /** The range that contains a commit LSN. */
    public Optional<LeftOut> rangeOf(Lsn lsn) {
        return leftOut.stream().filter(range -> range.contains(lsn)).findFirst();
    }

    void writeTo(ObjectNode json) {
        if (count == 0) {
            return;
        }
        json.put("adoptions", count);
        if (!leftOut.isEmpty()) {
            ArrayNode ranges = json.putArray("leftOut");
            for (LeftOut range : leftOut) {
                ArrayNode entry = ranges.addArray()
                        .add(range.after().toString())
                        .add(range.upTo().toString());
                if (range.neverCame()) {
                    entry.add("never-came");
                }
            }
        }
    }

    /** @throws IllegalArgumentException when the JSON is not as {@link #writeTo} writes it */
    static Adoptions readFrom(JsonNode json) {
        if (!json.has("adoptions")) {
            return NONE;
        }
        JsonNode count = json.required("adoptions");
        if (!count.isInt()) {
            throw new IllegalArgumentException("adoptions is not a whole number");
        }
        List<LeftOut> ranges = new ArrayList<>();
        for (JsonNode range : json.path("leftOut")) {
            ranges.add(new LeftOut(
                    Lsn.parse(range.required(0).textValue()),
                    Lsn.parse(range.required(1).textValue()),
                    range.has(2)));
        }
        return new Adoptions(count.intValue(), ranges);
    }
}
