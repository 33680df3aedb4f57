// SPDX-License-Identifier: Apache-2.0
package io.tidemark.outbox;

/**
 * The position of an event in the total order of one source: timeline, then commit LSN, then ordinal.
 *
 * <p>Printed with fixed width, {@code 00000001/0000000A1B2C3D40/00000000}, so that strings sort like positions (header
 * {@code tidemark-position}).
 *
 * @param timeline Postgres' timeline id, 1 or more
 * @param commitLsn the end of the transaction's commit record
 * @param ordinal the event's place in its transaction, from 0
 */
public record Position(int timeline, Lsn commitLsn, int ordinal) implements Comparable<Position> {

    private static final int PRINTED_LENGTH = 8 + 1 + 16 + 1 + 8;
    private static final char[] HEX = "0123456789ABCDEF".toCharArray();

    public Position {
        if (timeline < 1) {
            throw new IllegalArgumentException("timeline must be 1 or more, not " + timeline);
        }
        if (ordinal < 0) {
            throw new IllegalArgumentException("ordinal must not be negative, but is " + ordinal);
        }
    }

    /**
     * Parses the result of {@link #toString}.
     *
     * @throws IllegalArgumentException if the text does not have that form; the message contains the text
     */
    public static Position parse(String text) {
        if (text.length() != PRINTED_LENGTH || text.charAt(8) != '/' || text.charAt(25) != '/') {
            throw notAPosition(text);
        }
        try {
            return new Position(
                    Integer.parseInt(text, 0, 8, 16),
                    Lsn.parseFixedWidth(text.substring(9, 25)),
                    Integer.parseInt(text, 26, PRINTED_LENGTH, 16));
        } catch (IllegalArgumentException e) {
            IllegalArgumentException named = notAPosition(text);
            named.initCause(e);
            throw named;
        }
    }

    private static IllegalArgumentException notAPosition(String text) {
        return new IllegalArgumentException("not a position: '" + text
                + "' (expected <timeline>/<commit LSN>/<ordinal> in 8, 16 and 8 hex digits)");
    }

    @Override
    public int compareTo(Position other) {
        int byTimeline = Integer.compare(timeline, other.timeline);
        if (byTimeline != 0) {
            return byTimeline;
        }
        int byLsn = commitLsn.compareTo(other.commitLsn);
        return byLsn != 0 ? byLsn : Integer.compare(ordinal, other.ordinal);
    }

    /** Without {@code String.format}, for speed: the relay prints one for every event. */
    @Override
    public String toString() {
        char[] chars = new char[PRINTED_LENGTH];
        putHex(chars, 0, 8, timeline);
        chars[8] = '/';
        putHex(chars, 9, 16, commitLsn.value());
        chars[25] = '/';
        putHex(chars, 26, 8, ordinal);
        return new String(chars);
    }

    private static void putHex(char[] chars, int at, int digits, long value) {
        long rest = value;
        for (int i = at + digits - 1; i >= at; i--) {
            chars[i] = HEX[(int) (rest & 0xF)];
            rest >>>= 4;
        }
    }
}
