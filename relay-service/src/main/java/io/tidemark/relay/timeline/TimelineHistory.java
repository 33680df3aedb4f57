// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.timeline;

import io.tidemark.outbox.Lsn;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which timelines the database's present one comes from, and where each was left. What lies at or below that point on an
 * ancestor is part of this database's history; what lies above it is not.
 *
 * @param timeline the present one
 * @param switches of each ancestor, the LSN up to which its successor took its WAL over
 */
public record TimelineHistory(int timeline, Map<Integer, Lsn> switches) {

    /** An ancestor, the LSN, and a reason in words; {@code readTimeLineHistory} in Postgres' timeline.c. */
    private static final Pattern LINE = Pattern.compile("([1-9][0-9]{0,9})\\s+([0-9A-F]{1,8}/[0-9A-F]{1,8})(\\s.*)?");

    public TimelineHistory {
        switches = Map.copyOf(switches);
        if (switches.keySet().stream().anyMatch(ancestor -> ancestor < 1 || ancestor >= timeline)) {
            throw new IllegalArgumentException(
                    "timeline " + timeline + " cannot come from those of " + new TreeMap<>(switches));
        }
    }

    /** Of a database that never failed over. */
    public static TimelineHistory none(int timeline) {
        return new TimelineHistory(timeline, Map.of());
    }

    /**
     * Parses a history file as Postgres writes it.
     *
     * @throws IllegalArgumentException naming the line, when it is not one
     */
    public static TimelineHistory parse(int timeline, String file) {
        TreeMap<Integer, Lsn> switches = new TreeMap<>();
        for (String line : file.lines().map(String::strip).toList()) {
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            Matcher entry = LINE.matcher(line);
            if (!entry.matches() || Long.parseLong(entry.group(1)) >= timeline) {
                throw notALine(timeline, line);
            }
            int ancestor = Integer.parseInt(entry.group(1));
            if (!switches.isEmpty() && switches.lastKey() >= ancestor) {
                throw notALine(timeline, line);
            }
            switches.put(ancestor, Lsn.parse(entry.group(2)));
        }
        if (timeline > 1 && switches.isEmpty()) {
            throw new IllegalArgumentException("the history of timeline " + timeline + " names no ancestor");
        }
        return new TimelineHistory(timeline, switches);
    }

    private static IllegalArgumentException notALine(int timeline, String line) {
        return new IllegalArgumentException("'" + line + "' is no line of the history of timeline " + timeline);
    }

    /**
     * Up to where the WAL of an older timeline is part of this database's history: the lowest switch from it on, because
     * a recovery can stop below the point at which the timeline it followed had begun.
     *
     * @return empty when that timeline is not an ancestor
     */
    public Optional<Lsn> sharedUpTo(int ancestor) {
        if (!switches.containsKey(ancestor)) {
            return Optional.empty();
        }
        return switches.entrySet().stream()
                .filter(entry -> entry.getKey() >= ancestor)
                .map(Map.Entry::getValue)
                .min(Lsn::compareTo);
    }
}
