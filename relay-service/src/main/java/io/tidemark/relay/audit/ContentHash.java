// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.audit;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.jspecify.annotations.Nullable;

/** 64 bits of the SHA-256 of key and payload, as {@link #SQL} computes them in Postgres. One thread. */
final class ContentHash {

    /** Expression over {@code aggregate_id}, {@code payload} and {@code payload_binary}; a bytea of eight bytes. */
    static final String SQL = "substr(sha256(convert_to(aggregate_id, 'UTF8')"
            + " || coalesce(decode('0001', 'hex') || coalesce(convert_to(payload, 'UTF8'), payload_binary),"
            + " decode('0000', 'hex'))), 1, 8)";

    private final MessageDigest sha256;

    ContentHash() {
        try {
            sha256 = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
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
