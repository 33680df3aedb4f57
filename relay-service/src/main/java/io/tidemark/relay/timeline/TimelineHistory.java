// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.timeline;

import io.tidemark.outbox.Lsn;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The ancestors of the database's current timeline, and where each was left. On an ancestor, everything at or below
 * that LSN is part of this database's history. Anything above it is not.
 *
 * @param timeline the current one
 * @param switches for each ancestor, the LSN up to which its successor took over its WAL
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

    /** The history of a database that never failed over. */
    public static TimelineHistory none(int timeline) {
        return new TimelineHistory(timeline, Map.of());
    }

    /**
     * Parses a history file as Postgres writes it.
     *
     * @throws IllegalArgumentException naming the malformed line
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
        return new IllegalArgumentException("'" + line + "' is not a line of the history of timeline " + timeline);
    }

    /**
     * The LSN up to which the WAL of an older timeline is part of this database's history. It is the lowest switch from
     * that timeline on, because a recovery can stop below the point at which the timeline it followed had begun.
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
