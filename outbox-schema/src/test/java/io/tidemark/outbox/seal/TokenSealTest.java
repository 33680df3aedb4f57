// SPDX-License-Identifier: Apache-2.0
package io.tidemark.outbox.seal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.seal.UnacceptedTokenException.Why;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the vectors of {@code clients/conformance} do not say. */
class TokenSealTest {

    private static final String SECRET = "a".repeat(32);
    private static final String OTHER = "b".repeat(32);
    private static final Token TOKEN = Token.parse("tm1.7f3a9c21.1.0000000A1B2C3D40");

    private final TokenSeal seal = TokenSeal.of(List.of(SECRET));

    @TempDir
    private Path directory;

    @Test
    void everyTokenWithinTheLimitsFitsIntoTheLimitsWhenSealed() {
        List<Token.Part> parts = new ArrayList<>();
        for (int timeline = 1; timeline <= 9; timeline++) {
            parts.add(new Token.Part("7f3a9c21", timeline, new Lsn(-1)));
            parts.add(new Token.Part("ffffffff", timeline, new Lsn(timeline)));
        }
        Token longest = new Token(parts.subList(0, 16));

        String sealed = seal.write(longest);

        assertThat(longest.toString()).hasSize(511);
        assertThat(sealed).hasSizeLessThanOrEqualTo(Token.MAX_LENGTH).matches("ts1\\.[A-Za-z0-9_-]+");
        assertThat(seal.read(sealed)).isEqualTo(longest);
    }

    @Test
    void noBitOfASealedTokenCanBeChanged() {
        String sealed = seal.write(TOKEN);
        String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

        for (int at = "ts1.".length(); at < sealed.length(); at++) {
            for (int other = 0; other < alphabet.length(); other++) {
                String altered = sealed.substring(0, at) + alphabet.charAt(other) + sealed.substring(at + 1);
                if (!altered.equals(sealed)) {
                    assertThatThrownBy(() -> seal.read(altered)).isInstanceOf(IllegalArgumentException.class);
                }
            }
        }
    }

    @Test
    void aSealedTokenShowsNothingOfItsContent() {
        String next = seal.write(Token.parse("tm1.7f3a9c21.1.0000000A1B2C3D41"));

        String sealed = seal.write(TOKEN);

        assertThat(sealed).isEqualTo(seal.write(TOKEN)).hasSameSizeAs(next);
        int same = 0;
        for (int at = "ts1.".length(); at < sealed.length(); at++) {
            same += sealed.charAt(at) == next.charAt(at) ? 1 : 0;
        }
        assertThat(same).isLessThan(8);
    }

    @Test
    void namesEachCase() {
        assertThat(whyOf(() -> seal.read(TOKEN.toString()))).isEqualTo(Why.UNSEALED_TOKEN);
        assertThat(whyOf(() -> seal.read("tm2.anything"))).isEqualTo(Why.UNSEALED_TOKEN);
        assertThat(whyOf(() -> TokenForm.PLAIN.read(seal.write(TOKEN)))).isEqualTo(Why.NO_SECRET);
        assertThat(whyOf(() -> TokenSeal.of(List.of(OTHER)).read(seal.write(TOKEN))))
                .isEqualTo(Why.SEAL_NOT_VALID);
        assertThat(Why.SEAL_NOT_VALID.code()).isEqualTo("seal-not-valid");
    }

    private static Why whyOf(ThrowingCallable read) {
        UnacceptedTokenException refused =
                org.assertj.core.api.Assertions.catchThrowableOfType(UnacceptedTokenException.class, read);
        return refused.why();
    }

    @Test
    void refusesSecretsThatCouldBeGuessed() {
        assertThatThrownBy(() -> TokenSeal.of(List.of("a".repeat(31))))
                .hasMessageContaining("secret 1 is not of 32")
                .hasMessageContaining("openssl rand -hex 32")
                .hasMessageNotContaining("aaa");
        assertThatThrownBy(() -> TokenSeal.of(List.of(SECRET, "ä".repeat(40)))).hasMessageContaining("secret 2");
        assertThatThrownBy(() -> TokenSeal.of(List.of())).hasMessageContaining("there are 0 secrets");
        assertThatThrownBy(() -> TokenSeal.of(List.of(SECRET, OTHER, SECRET)))
                .hasMessageContaining("there are 3 secrets");
    }

    @Test
    void readsTheFileAgainWithinASecondAndKeepsItsSecretsIfTheFileIsSpoilt() throws Exception {
        Path file = Files.writeString(directory.resolve("secrets"), SECRET + "\n");
        long[] nanos = {0};
        SecretFile secrets = new SecretFile(file, () -> nanos[0]);
        List<SealKey> first = secrets.get();

        Files.writeString(file, OTHER + "\r\n\n" + SECRET + "\n");

        assertThat(secrets.get()).as("within the second").isSameAs(first);
        nanos[0] += 1_000_000_000L;
        List<SealKey> rotated = secrets.get();
        assertThat(rotated).hasSize(2);
        byte[] sealed = rotated.get(0).seal(new byte[16]);
        assertThat(sealed).isEqualTo(SealKey.of(List.of(OTHER)).get(0).seal(new byte[16]));

        for (String spoilt : List.of("", "short", SECRET + "\n" + SECRET + "\n" + OTHER, "x".repeat(20_000))) {
            Files.writeString(file, spoilt);
            nanos[0] += 1_000_000_000L;
            assertThat(secrets.get()).isSameAs(rotated);
        }
        Files.delete(file);
        nanos[0] += 1_000_000_000L;
        assertThat(secrets.get()).isSameAs(rotated);
    }

    @Test
    void doesNotStartWithAFileThatCannotBeUsed() throws Exception {
        Path none = directory.resolve("none");
        Path weak = Files.writeString(directory.resolve("weak"), "changeme\n");

        assertThatThrownBy(() -> TokenSeal.ofFile(none)).hasMessageContaining("none cannot be used: it does not exist");
        assertThatThrownBy(() -> TokenSeal.ofFile(weak))
                .hasMessageContaining("weak cannot be used: secret 1 is not of 32")
                .hasMessageNotContaining("changeme");
    }
}
