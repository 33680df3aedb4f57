// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.clients;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Runs the tests of the clients with the languages that are installed. Downloads nothing. */
class ClientTestsTest {

    private static final long LIMIT_MINUTES = 10;

    @ParameterizedTest
    @EnumSource
    void theClientPassesItsTests(Language language, @TempDir Path directory) throws Exception {
        language.assumeInstalled();
        Path output = directory.resolve("output");

        Process tests = language.tests()
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        boolean hasEnded = tests.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES);
        if (!hasEnded) {
            Language.end(tests);
        }

        assertThat(hasEnded ? tests.exitValue() : -1).as(() -> read(output)).isZero();
        assertThat(read(output)).as("tests were run").containsPattern("(?m)^(# pass [1-9]|ℹ pass [1-9]|Ran [1-9])");
    }

    private static String read(Path output) {
        try {
            return Files.readString(output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** They are released together with the relay. */
    @Test
    void theClientsHaveTheVersionOfTheRelay() throws Exception {
        String relay = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(Path.of("..", "pom.xml").toFile())
                .getDocumentElement()
                .getElementsByTagName("version")
                .item(0)
                .getTextContent()
                .replace("-SNAPSHOT", "");

        assertThat(version("typescript/package.json", "\"version\": \"([^\"]+)\""))
                .isEqualTo(relay);
        assertThat(version("python/pyproject.toml", "(?m)^version = \"([^\"]+)\""))
                .isEqualTo(relay);
    }

    private static String version(String file, String pattern) throws Exception {
        Matcher found = Pattern.compile(pattern)
                .matcher(Files.readString(Path.of("..", "clients").resolve(file)));
        assertThat(found.find()).as(file).isTrue();
        return found.group(1);
    }
}
