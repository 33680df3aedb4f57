// SPDX-License-Identifier: Apache-2.0
package io.tidemark.outbox;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A byte address in Postgres' write-ahead log: 64 bits, unsigned, ordered as such.
 *
 * <p>Source of the two text forms: Postgres' {@code pg_lsn} ({@code 16/B374D848}) and Tidemark's fixed-width form,
 * sixteen upper-case hex digits whose string order is the LSN order.
 *
 * @param value the 64 bits; negative as a signed long from 2^63 on
 */
public record Lsn(long value) implements Comparable<Lsn> {

    /** Below every real LSN; Postgres' own "invalid LSN", {@code 0/0}. */
    public static final Lsn ZERO = new Lsn(0);

    private static final Pattern POSTGRES_FORM = Pattern.compile("[0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8}");
    private static final Pattern FIXED_WIDTH = Pattern.compile("[0-9A-Fa-f]{16}");

    /**
     * Parses Postgres' form, {@code 16/B374D848}.
     *
     * @throws IllegalArgumentException if the text does not have that form; the message contains the text
     */
    public static Lsn parse(String text) {
        if (!POSTGRES_FORM.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    "not an LSN: '" + text + "' (expected two hex numbers joined by a slash, for example 16/B374D848)");
        }
        int slash = text.indexOf('/');
        long high = Long.parseLong(text.substring(0, slash), 16);
        long low = Long.parseLong(text.substring(slash + 1), 16);
        return new Lsn(high << 32 | low);
    }

    /**
     * Parses the fixed-width form, sixteen hex digits.
     *
     * @throws IllegalArgumentException if the text does not have that form; the message contains the text
     */
    public static Lsn parseFixedWidth(String text) {
        if (!FIXED_WIDTH.matcher(text).matches()) {
            throw new IllegalArgumentException("not an LSN: '" + text + "' (expected 16 hex digits)");
        }
        return new Lsn(Long.parseUnsignedLong(text, 16));
    }

    public boolean isAfter(Lsn other) {
        return compareTo(other) > 0;
    }

    public boolean isAtLeast(Lsn other) {
        return compareTo(other) >= 0;
    }

    /** The larger of the two. */
    public static Lsn max(Lsn a, Lsn b) {
        return a.isAtLeast(b) ? a : b;
    }

    /** Sixteen upper-case hex digits; string order is LSN order. */
    public String toFixedWidth() {
        return String.format(Locale.ROOT, "%016X", value);
    }

    /** Unsigned: an LSN from 2^63 on is above every smaller one. */
    @Override
    public int compareTo(Lsn other) {
        return Long.compareUnsigned(value, other.value);
    }

    /** Postgres' form, {@code 16/B374D848}. */
    @Override
    public String toString() {
        return Long.toHexString(value >>> 32).toUpperCase(Locale.ROOT)
                + "/"
                + Long.toHexString(value & 0xFFFF_FFFFL).toUpperCase(Locale.ROOT);
    }
}
