// SPDX-License-Identifier: Apache-2.0
package io.tidemark.outbox;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * A writer keeps a token to ask "is my write visible yet?". It has a timeline and an LSN for each source it wrote to.
 *
 * <p>Text form {@code tm1.<source>.<timeline>.<lsn>}, several joined with {@code ~}; safe in headers, cookies and URLs.
 * The text is opaque: compare and merge tokens only through this class.
 *
 * @param parts one part for each source and timeline, sorted; at least one
 */
public record Token(List<Part> parts) {

    /** Maximum number of sources in one token. */
    public static final int MAX_SOURCES = 8;
    /** Maximum number of characters in a token's text. */
    public static final int MAX_LENGTH = 512;
    /** The recommended HTTP header for tokens. */
    public static final String HTTP_HEADER = "Tidemark-Token";

    private static final String VERSION = "tm1";
    private static final Pattern SOURCE = Pattern.compile("[0-9a-f]{8}");
    private static final Pattern TIMELINE = Pattern.compile("[1-9][0-9]{0,9}");
    private static final Pattern LSN = Pattern.compile("[0-9A-F]{16}");

    /**
     * The part of a token for one source.
     *
     * @param source the source id, 8 lower-case hex digits ({@code outbox.source})
     * @param timeline Postgres' timeline id at the time of the write, 1 or more
     * @param lsn everything that the writer had committed is at or below this LSN
     */
    public record Part(String source, int timeline, Lsn lsn) {

        public Part {
            if (!SOURCE.matcher(source).matches()) {
                throw new IllegalArgumentException("source must be 8 lower-case hex digits, not '" + source + "'");
            }
            if (timeline < 1) {
                throw new IllegalArgumentException("timeline must be 1 or more, not " + timeline);
            }
        }

        @Override
        public String toString() {
            return VERSION + "." + source + "." + timeline + "." + lsn.toFixedWidth();
        }
    }

    public Token {
        if (parts.isEmpty()) {
            throw new IllegalArgumentException("a token has at least one part");
        }
        parts = canonical(parts);
    }

    public static Token of(String source, int timeline, Lsn lsn) {
        return new Token(List.of(new Part(source, timeline, lsn)));
    }

    /**
     * Parses a token's text.
     *
     * @throws IllegalArgumentException if the token is malformed; the message names its length, version, source,
     *     timeline or LSN
     */
    public static Token parse(String text) {
        if (text.isEmpty()) {
            throw malformed("it is empty");
        }
        if (text.length() > MAX_LENGTH) {
            throw malformed("it has " + text.length() + " characters, at most " + MAX_LENGTH + " are allowed");
        }
        List<Part> parts = new ArrayList<>();
        for (String part : text.split("~", -1)) {
            parts.add(parsePart(part));
        }
        return new Token(parts);
    }

    private static Part parsePart(String text) {
        String[] fields = text.split("\\.", -1);
        if (fields.length != 4) {
            throw malformed("'" + text + "' is not of the form tm1.<source>.<timeline>.<lsn>");
        }
        if (!fields[0].equals(VERSION)) {
            throw malformed("version '" + fields[0] + "' is not known, only " + VERSION + " is");
        }
        if (!SOURCE.matcher(fields[1]).matches()) {
            throw malformed("source '" + fields[1] + "' is not 8 lower-case hex digits");
        }
        if (!TIMELINE.matcher(fields[2]).matches() || Long.parseLong(fields[2]) > Integer.MAX_VALUE) {
            throw malformed("timeline '" + fields[2] + "' is not a number from 1 to " + Integer.MAX_VALUE);
        }
        if (!LSN.matcher(fields[3]).matches()) {
            throw malformed("LSN '" + fields[3] + "' is not 16 upper-case hex digits");
        }
        return new Part(fields[1], Integer.parseInt(fields[2]), Lsn.parseFixedWidth(fields[3]));
    }

    private static IllegalArgumentException malformed(String why) {
        return new IllegalArgumentException("malformed token: " + why);
    }

    /**
     * The token that covers both. For the same source and timeline it has the larger LSN. It keeps both parts for
     * different sources, and for different timelines of one source, because only the relay knows which of them still
     * exists.
     *
     * @throws IllegalArgumentException when the result would exceed {@link #MAX_SOURCES} or {@link #MAX_LENGTH}
     */
    public Token merge(Token other) {
        List<Part> all = new ArrayList<>(parts);
        all.addAll(other.parts);
        return new Token(all);
    }

    private static List<Part> canonical(Collection<Part> parts) {
        record Lineage(String source, int timeline) {}
        TreeMap<Lineage, Part> byLineage =
                new TreeMap<>(Comparator.comparing(Lineage::source).thenComparingInt(Lineage::timeline));
        for (Part part : parts) {
            byLineage.merge(
                    new Lineage(part.source(), part.timeline()),
                    part,
                    (a, b) -> a.lsn().isAtLeast(b.lsn()) ? a : b);
        }
        long sources =
                byLineage.keySet().stream().map(Lineage::source).distinct().count();
        if (sources > MAX_SOURCES) {
            throw malformed("it names " + sources + " sources, at most " + MAX_SOURCES + " are allowed");
        }
        List<Part> sorted = List.copyOf(byLineage.values());
        int length = print(sorted).length();
        if (length > MAX_LENGTH) {
            throw malformed("it would have " + length + " characters, at most " + MAX_LENGTH + " are allowed");
        }
        return sorted;
    }

    @Override
    public String toString() {
        return print(parts);
    }

    private static String print(List<Part> parts) {
        StringBuilder text = new StringBuilder();
        for (Part part : parts) {
            if (!text.isEmpty()) {
                text.append('~');
            }
            text.append(part);
        }
        return text.toString();
    }
}
