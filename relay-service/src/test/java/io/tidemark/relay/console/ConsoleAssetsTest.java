// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The files of the page: small, all there, and nothing in them that the policy forbids. */
class ConsoleAssetsTest {

    private static final int MOST_BYTES = 150 * 1024;
    private static final Path OWN = Path.of("src/main/resources/io/tidemark/relay/console");
    private static final Pattern IMPORT =
            Pattern.compile("from '\\./([a-z]+\\.js)'|(?:href|src)=\"([a-z]+\\.[a-z]+)\"");

    private final Map<String, byte[]> files = new ConsoleAssets().files();

    private static String text(byte[] file) {
        return new String(file, StandardCharsets.UTF_8);
    }

    @Test
    void staySmall() {
        assertThat(files.values().stream().mapToInt(file -> file.length).sum()).isLessThan(MOST_BYTES);
    }

    @Test
    void serveEveryFileThatExistsAndEveryOneThatAnotherNames() throws Exception {
        try (Stream<Path> own = Files.list(OWN)) {
            assertThat(own.map(file -> file.getFileName().toString())).allMatch(files::containsKey);
        }
        files.forEach((name, file) -> {
            if (!name.startsWith("uplot")) {
                Matcher named = IMPORT.matcher(text(file));
                while (named.find()) {
                    assertThat(files).containsKey(named.group(1) == null ? named.group(2) : named.group(1));
                }
            }
        });
    }

    @Test
    void neverParseTextAsHtmlOrCode() {
        List<String> forbidden = List.of(
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
                "new Function",
                "DOMParser",
                "createContextualFragment",
                "setAttribute('style",
                "document.cookie",
                "javascript:");
        files.forEach((name, file) -> {
            if (!name.startsWith("uplot")) {
                assertThat(text(file)).as(name).doesNotContain(forbidden);
                assertThat(text(file)).as(name).doesNotContainPattern(" on[a-z]+=\"| style=\"|<script>|<style");
            }
        });
    }

    @Test
    void connectToNoOtherHost() {
        files.forEach((name, file) -> {
            if (!name.startsWith("uplot")) {
                assertThat(text(file).replace("http://www.w3.org/2000/svg", ""))
                        .as(name)
                        .doesNotContain("http://", "https://");
            }
        });
        assertThat(ConsoleAssets.POLICY)
                .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
                .doesNotContain("unsafe", "*");
    }
}
