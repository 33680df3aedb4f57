// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.audit;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.jspecify.annotations.Nullable;

/** 64 bits of the SHA-256 of key and payload, as {@link #sql} computes them in Postgres. One thread. */
final class ContentHash {

    private final MessageDigest sha256;

    ContentHash() {
        try {
            sha256 = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /**
     * The same as an expression; a bytea of eight bytes.
     *
     * @param key a text
     * @param payload a bytea
     */
    static String sql(String key, String payload) {
        return "substr(sha256(convert_to(" + key + ", 'UTF8') || coalesce(decode('0001', 'hex') || " + payload
                + ", decode('0000', 'hex'))), 1, 8)";
    }

    long of(byte[] key, byte @Nullable [] payload) {
        sha256.update(key);
        sha256.update((byte) 0);
        if (payload == null) {
            sha256.update((byte) 0);
        } else {
            sha256.update((byte) 1);
            sha256.update(payload);
        }
        return ByteBuffer.wrap(sha256.digest()).getLong();
    }
}
