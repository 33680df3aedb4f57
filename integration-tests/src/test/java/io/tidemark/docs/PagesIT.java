// SPDX-License-Identifier: Apache-2.0
package io.tidemark.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The pages that a stranger follows step by step, on real servers. Only if the programs that they use are installed. */
class PagesIT {

    private static final String AFTER_CTRL_C = ", after Ctrl-C in ";

    @BeforeAll
    static void programsAreInstalled() {
        for (String program : List.of("psql", "curl", "kcat")) {
            boolean isThere = Stream.of(System.getenv("PATH").split(":", -1))
                    .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
            assumeTrue(isThere, program + " is not installed");
        }
    }

    @ParameterizedTest
    @CsvSource({"docs/tutorial.md, 15", "README.md, 7"})
    void printsWhatThePageShows(String page, int blocks) throws Exception {
        Path dir = Files.createTempDirectory("pages"); // short, because Postgres puts a socket there
        int followed = 0;
        try (Reader reader = new Reader(dir)) {
            for (Block block : Block.of(Repository.ROOT, Repository.ROOT.resolve(page))) {
                int interrupt = block.marker().indexOf(AFTER_CTRL_C);
                if (interrupt >= 0) {
                    reader.interrupt(block.marker().substring(interrupt + AFTER_CTRL_C.length()));
                }
                if (block.isMarked(Block.RUN_BY) || block.language().equals("text")) {
                    reader.follow(block);
                    followed++;
                }
            }
        }
        assertThat(followed).as("blocks that were followed").isEqualTo(blocks);
        delete(dir);
    }

    private static void delete(Path dir) throws IOException {
        try (Stream<Path> files = Files.walk(dir)) {
            for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(file);
            }
        }
    }
}
