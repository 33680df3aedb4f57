// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.account;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Hashes the text of an id: the first 60 bits of its SHA-256, as {@link #SQL} does in Postgres. With 60 bits, neither
 * side has to handle a sign. SHA-256 is allowed everywhere, also under FIPS. One thread; allocates nothing for a UUID.
 */
public final class IdHash {

    /** Contained in every record of such hashes. */
    public static final String ALGORITHM = "sum-of-sha256-60";

    /** Expression for a column {@code id} of any type; a bigint. */
    public static final String SQL =
            "('x' || substr(encode(sha256(convert_to(id::text, 'UTF8')), 'hex'), 1, 15))::bit(60)::bigint";

    private final MessageDigest sha256;
    private final byte[] text = new byte[64];
    private final byte[] hash = new byte[32];
    private final ByteBuffer hashBuffer = ByteBuffer.wrap(hash);

    public IdHash() {
        try {
            sha256 = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    public long of(String id) {
        int length = id.length();
        boolean fits = length <= text.length;
        for (int i = 0; fits && i < length; i++) {
            char c = id.charAt(i);
            text[i] = (byte) c;
            fits = c < 0x80;
        }
        if (fits) {
            sha256.update(text, 0, length);
        } else {
            sha256.update(id.getBytes(StandardCharsets.UTF_8));
        }
        try {
            sha256.digest(hash, 0, hash.length);
        } catch (DigestException e) {
            throw new IllegalStateException("SHA-256 has 32 bytes", e);
        }
        return hashBuffer.getLong(0) >>> 4;
    }

    /** The first 64 bits of the last id's hash. */
    public long high() {
        return hashBuffer.getLong(0);
    }

    /** The 64 bits after {@link #high}. */
    public long low() {
        return hashBuffer.getLong(8);
    }
}
