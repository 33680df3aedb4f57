// SPDX-License-Identifier: Apache-2.0
package io.tidemark.outbox.seal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The two keys of one secret. Authenticated, deterministic encryption from HMAC-SHA256 alone, because that is what the
 * standard library of every language has: the first 16 bytes of a MAC of the content are its synthetic IV, and the
 * keystream is made of that IV.
 */
final class SealKey {

    static final int SIV_BYTES = 16;

    private static final int LEAST_CHARS = 32;
    private static final int MOST_CHARS = 1024;
    private static final String HMAC = "HmacSHA256";
    private static final String MAC_LABEL = "tidemark token seal 1: mac";
    private static final String ENCRYPTION_LABEL = "tidemark token seal 1: encryption";

    private final SecretKeySpec macKey;
    private final SecretKeySpec encryptionKey;

    private SealKey(String secret) {
        SecretKeySpec root = key(ascii(secret));
        this.macKey = key(hmac(root, ascii(MAC_LABEL)));
        this.encryptionKey = key(hmac(root, ascii(ENCRYPTION_LABEL)));
    }

    /** @throws IllegalArgumentException that never repeats a secret */
    static List<SealKey> of(List<String> secrets) {
        if (secrets.isEmpty() || secrets.size() > TokenSeal.MAX_SECRETS) {
            throw new IllegalArgumentException("there are " + secrets.size() + " secrets; there must be 1 or "
                    + TokenSeal.MAX_SECRETS + ", the first of which seals");
        }
        List<SealKey> keys = new ArrayList<>();
        for (String secret : secrets) {
            if (secret.length() < LEAST_CHARS
                    || secret.length() > MOST_CHARS
                    || secret.chars().anyMatch(c -> c <= ' ' || c > '~')) {
                throw new IllegalArgumentException("secret " + (keys.size() + 1) + " is not of " + LEAST_CHARS + " to "
                        + MOST_CHARS + " visible ASCII characters; make one with: openssl rand -hex 32");
            }
            keys.add(new SealKey(secret));
        }
        return List.copyOf(keys);
    }

    byte[] seal(byte[] plain) {
        byte[] siv = siv(plain);
        ByteBuffer sealed = ByteBuffer.allocate(SIV_BYTES + plain.length);
        return sealed.put(siv).put(withKeystream(siv, plain)).array();
    }

    /** Empty if it was altered or sealed with another key. */
    Optional<byte[]> open(byte[] sealed) {
        byte[] siv = Arrays.copyOf(sealed, SIV_BYTES);
        byte[] plain = withKeystream(siv, Arrays.copyOfRange(sealed, SIV_BYTES, sealed.length));
        return MessageDigest.isEqual(siv, siv(plain)) ? Optional.of(plain) : Optional.empty();
    }

    private byte[] siv(byte[] plain) {
        return Arrays.copyOf(hmac(macKey, plain), SIV_BYTES);
    }

    /** Block {@code i} of the keystream is the HMAC of the synthetic IV and {@code i} in four bytes, from zero. */
    private byte[] withKeystream(byte[] siv, byte[] text) {
        byte[] result = text.clone();
        byte[] block = {};
        for (int i = 0; i < text.length; i++) {
            int at = i % 32;
            if (at == 0) {
                block = hmac(
                        encryptionKey,
                        ByteBuffer.allocate(SIV_BYTES + Integer.BYTES)
                                .put(siv)
                                .putInt(i / 32)
                                .array());
            }
            result[i] ^= block[at];
        }
        return result;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static SecretKeySpec key(byte[] bytes) {
        return new SecretKeySpec(bytes, HMAC);
    }

    private static byte[] hmac(SecretKeySpec key, byte[] message) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(key);
            return mac.doFinal(message);
        } catch (NoSuchAlgorithmException | InvalidKeyException e) {
            throw new IllegalStateException("every Java has " + HMAC, e);
        }
    }
}
