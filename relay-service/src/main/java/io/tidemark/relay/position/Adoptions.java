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
 * How often a person has let the source go on at a point of their choice, and what that left out. Stands in the
 * position, and so is in every record of it.
 *
 * @param count what was published before the last time says nothing about offsets and LSNs after it
 * @param leftOut ranges of commit LSNs that may hold events which were never published, in the order of the adoptions
 */
public record Adoptions(int count, List<LeftOut> leftOut) {

    public static final Adoptions NONE = new Adoptions(0, List.of());

    /** More are merged from the oldest on: a position is written with every Kafka transaction. */
    static final int MAX_RANGES = 16;

    /**
     * Events committed in here may be missing in Kafka.
     *
     * @param after everything up to it was published
     * @param upTo where the source went on
     * @param neverCame whether they may not be in the stream at all, so that going on before them does not bring them
     */
    public record LeftOut(Lsn after, Lsn upTo, boolean neverCame) {

        /** Of events that the stream would bring, had the source gone on before them. */
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

    /** One more, which left nothing out. */
    public Adoptions another() {
        return new Adoptions(count + 1, leftOut);
    }

    /** One more: everything up to {@code published} is in Kafka, and the source went on behind {@code at}. */
    public Adoptions leavingOut(Lsn published, Lsn at) {
        List<LeftOut> ranges = new ArrayList<>();
        for (LeftOut range : leftOut) { // what lies behind is published after all
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

    /** The same, and events committed in {@code (after, upTo]} may never have come through the stream. */
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

    /** The range that a commit LSN lies in. */
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

    /** @throws IllegalArgumentException when it is not what {@link #writeTo} writes */
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
