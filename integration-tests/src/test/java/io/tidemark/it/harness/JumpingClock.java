// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The wall clock of a process, with libfaketime: it jumps ahead of the real clock, or behind it. The monotonic clock is
 * not affected, as when a real clock is set.
 */
public final class JumpingClock {

    private static final List<Path> PLACES = List.of(Path.of("/usr/lib"), Path.of("/usr/local/lib"));
    /** Below lib: the architecture, then faketime. */
    private static final int DEPTH = 3;

    private final Path library;
    private final Path offset;

    private JumpingClock(Path library, Path offset) {
        this.library = library;
        this.offset = offset;
    }

    /** A clock with the right time. If libfaketime is not installed, the test is skipped with the reason. */
    public static JumpingClock in(Path directory) {
        Path library = PLACES.stream()
                .filter(Files::isDirectory)
                .flatMap(place -> find(place).stream())
                .findFirst()
                .orElseGet(() -> abort("no clock to jump with: libfaketimeMT.so.1 is not below " + PLACES
                        + "; on Debian it comes with: apt-get install libfaketime"));
        JumpingClock clock = new JumpingClock(library, directory.resolve("clock-offset"));
        clock.jumpTo(Duration.ZERO);
        return clock;
    }

    private static Optional<Path> find(Path place) {
        try (Stream<Path> files = Files.find(
                place,
                DEPTH,
                (path, attributes) -> path.endsWith("faketime/libfaketimeMT.so.1"),
                FileVisitOption.FOLLOW_LINKS)) {
            return files.findFirst();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * The environment of a process that uses this clock. The last setting keeps libfaketime from adjusting deadlines on
     * the monotonic clock, because in a JVM every timed wait would return early.
     */
    public Map<String, String> environment() {
        return Map.of(
                "LD_PRELOAD", library.toString(),
                "FAKETIME_TIMESTAMP_FILE", offset.toString(),
                "FAKETIME_CACHE_DURATION", "1",
                "FAKETIME_DONT_FAKE_MONOTONIC", "1",
                "FAKETIME_FORCE_MONOTONIC_FIX", "0");
    }

    /** Within a second, the clock is this far ahead of the real one, or behind it if negative. */
    public void jumpTo(Duration ahead) {
        try {
            Path next = Files.createTempFile(offset.getParent(), "clock", ".next");
            Files.writeString(next, String.format(Locale.ROOT, "%+d%n", ahead.toSeconds()));
            Files.move(next, offset, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
