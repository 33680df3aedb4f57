// SPDX-License-Identifier: Apache-2.0
package io.tidemark.outbox.seal;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.seal.UnacceptedTokenException.Why;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Seals tokens: {@code ts1.} and base64url. A holder of the text can neither read nor forge it. The same token and secret
 * give the same text. Several sealed tokens may be joined with {@code ~}. The construction is ADR 23.
 */
public final class TokenSeal implements TokenForm {

    /** Maximum number of secrets: the one that seals, and the one before or after it. */
    public static final int MAX_SECRETS = 2;

    private static final String PREFIX = "ts1.";
    private static final int PART_BYTES = 16;
    private static final int SOURCE_HEX_DIGITS = 8;
    private static final int HEX = 16;

    private static final Base64.Encoder ENCODER = Base64.getUrlEncoder().withoutPadding();
    private static final Base64.Decoder DECODER = Base64.getUrlDecoder();

    private final Supplier<List<SealKey>> keys;

    private TokenSeal(Supplier<List<SealKey>> keys) {
        this.keys = keys;
    }

    /**
     * A seal with fixed secrets.
     *
     * @param secrets one or two, each of 32 or more visible ASCII characters; the first seals, all of them open
     * @throws IllegalArgumentException when there are none or too many, or one is too short
     */
    public static TokenSeal of(List<String> secrets) {
        List<SealKey> keys = SealKey.of(secrets);
        return new TokenSeal(() -> keys);
    }

    /**
     * A seal with the secrets in a file, one on each line. The file is read again within a second of a change. If it
     * cannot be used then, the secrets before the change stay in use, and the log has the reason.
     *
     * @throws IllegalArgumentException when the file cannot be used now
     */
    public static TokenSeal ofFile(Path file) {
        return new TokenSeal(new SecretFile(file, System::nanoTime));
    }

    /** Whether the text is meant as a sealed token, valid or not. */
    static boolean looksSealed(String text) {
        return text.startsWith(PREFIX);
    }

    @Override
    public String write(Token token) {
        return PREFIX + ENCODER.encodeToString(keys.get().get(0).seal(bytes(token)));
    }

    @Override
    public Token read(String text) {
        if (text.isEmpty()) {
            throw malformed("it is empty");
        }
        if (text.length() > Token.MAX_LENGTH) {
            throw malformed("it has " + text.length() + " characters, at most " + Token.MAX_LENGTH + " are allowed");
        }
        Optional<Token> all = Optional.empty();
        for (String each : text.split("~", -1)) {
            Token token = open(each);
            all = Optional.of(all.isEmpty() ? token : all.get().merge(token));
        }
        return all.orElseThrow();
    }

    @Override
    public boolean isSealed() {
        return true;
    }

    private Token open(String text) {
        if (!looksSealed(text)) {
            throw text.startsWith("tm")
                    ? new UnacceptedTokenException(Why.UNSEALED_TOKEN)
                    : malformed("it does not begin with " + PREFIX);
        }
        byte[] sealed = decoded(text.substring(PREFIX.length()));
        for (SealKey key : keys.get()) {
            Optional<byte[]> opened = key.open(sealed);
            if (opened.isPresent()) {
                return token(opened.get());
            }
        }
        throw new UnacceptedTokenException(Why.SEAL_NOT_VALID);
    }

    /** Only the one text that the encoder writes is accepted. */
    private static byte[] decoded(String text) {
        byte[] sealed;
        try {
            sealed = DECODER.decode(text);
        } catch (IllegalArgumentException e) {
            throw malformed("the sealed token is not base64url");
        }
        if (!ENCODER.encodeToString(sealed).equals(text)) {
            throw malformed("the sealed token is not base64url");
        }
        int bytes = sealed.length - SealKey.SIV_BYTES;
        if (bytes < PART_BYTES || bytes % PART_BYTES != 0) {
            throw malformed("the sealed token is cut off");
        }
        return sealed;
    }

    /** Each part is 16 bytes: source, timeline and LSN, big-endian. */
    private static byte[] bytes(Token token) {
        ByteBuffer bytes = ByteBuffer.allocate(token.parts().size() * PART_BYTES);
        for (Token.Part part : token.parts()) {
            bytes.putInt(Integer.parseUnsignedInt(part.source(), HEX));
            bytes.putInt(part.timeline());
            bytes.putLong(part.lsn().value());
        }
        return bytes.array();
    }

    private static Token token(byte[] opened) {
        ByteBuffer bytes = ByteBuffer.wrap(opened);
        List<Token.Part> parts = new ArrayList<>();
        while (bytes.hasRemaining()) {
            String source = Integer.toHexString(bytes.getInt());
            parts.add(new Token.Part(
                    "0".repeat(SOURCE_HEX_DIGITS - source.length()) + source,
                    bytes.getInt(),
                    new Lsn(bytes.getLong())));
        }
        return new Token(parts);
    }

    private static IllegalArgumentException malformed(String why) {
        return new IllegalArgumentException("malformed token: " + why);
    }
}
