// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The patches of {@code seeded-bugs} still apply, so that {@code seeded-bugs/run} can use them. */
class SeededBugsTest {

    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    static List<Path> patches() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("seeded-bugs"))) {
            return files.filter(file -> file.toString().endsWith(".patch"))
                    .map(Path::toAbsolutePath)
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("patches")
    void appliesAndNamesItsTest(Path patch) throws Exception {
        assertThat(Files.readString(patch)).startsWith("caught-by: ");

        Process git = new ProcessBuilder("git", "apply", "--check", patch.toString())
                .directory(ROOT.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(git.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(git.exitValue()).as(output).isZero();
    }
}
