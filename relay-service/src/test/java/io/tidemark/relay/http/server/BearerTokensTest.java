// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.http.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BearerTokensTest {

    private static final String FIRST = "first-0123456789abcdef";
    private static final String SECOND = "second-0123456789abcdef";

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path directory;

    private final AtomicLong nanos = new AtomicLong();
    private Path file;

    @BeforeEach
    void nameTheFile() {
        file = directory.resolve("tokens");
    }

    private BearerTokens tokens(String content) throws IOException {
        Files.writeString(file, content);
        return BearerTokens.of(file, nanos::get);
    }

    @Test
    void takesEveryLineAndNothingElse() throws IOException {
        BearerTokens tokens = tokens(FIRST + "\n\n  " + SECOND + "  \n");

        assertThat(tokens.problem()).isEmpty();
        assertThat(tokens.accepts(FIRST)).isTrue();
        assertThat(tokens.accepts(SECOND)).isTrue();
        assertThat(tokens.accepts(FIRST.substring(1))).isFalse();
        assertThat(tokens.accepts(FIRST + "0")).isFalse();
        assertThat(tokens.accepts("")).isFalse();
    }

    @Test
    void readsAgainWithinASecond() throws IOException {
        BearerTokens tokens = tokens(FIRST);
        Files.writeString(file, SECOND);

        assertThat(tokens.accepts(FIRST)).as("not for every request").isTrue();
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
        assertThat(tokens.accepts(FIRST)).isFalse();
        assertThat(tokens.accepts(SECOND)).isTrue();
    }

    @Test
    void rejectsRequestsWhileTheFileIsMissing() throws IOException {
        BearerTokens tokens = tokens(FIRST);
        Files.delete(file);
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));

        assertThat(tokens.accepts(FIRST)).isFalse();
        assertThat(tokens.problem()).contains("http.bearerTokenFile " + file, "cannot be read: it does not exist");
        Files.writeString(file, FIRST);
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
        assertThat(tokens.accepts(FIRST)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "'',                      it must have 1 to 100",
        "'\n\n',                  it must have 1 to 100",
        "short,                   16 or more visible ASCII characters",
        "two words 0123456789abc, 16 or more visible ASCII characters",
        "pässwörd-0123456789abcd, 16 or more visible ASCII characters",
    })
    void reportsTheProblemOfTheFileAndNeverItsContent(String content, String problem) throws IOException {
        BearerTokens tokens = tokens(content);

        assertThat(tokens.problem()).contains(problem);
        if (!content.isBlank()) {
            assertThat(tokens.problem()).doesNotContain(content);
            assertThat(tokens.accepts(content)).isFalse();
        }
    }
}
