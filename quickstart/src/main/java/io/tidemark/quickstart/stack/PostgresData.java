// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.stack;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Set;

/** Copies of a server's data directory, ready to be started by {@link PostgresServer#start}. */
final class PostgresData {

    private static final Set<String> OF_THE_PROCESS = Set.of("postmaster.pid", "postmaster.opts");
    /** Directories that a base backup leaves out: slots belong to one server, and the WAL is streamed. */
    private static final Set<String> OF_THE_SERVER = Set.of("pg_replslot", "pg_wal");

    private PostgresData() {}

    /** Copies all data of a stopped server. */
    static void copyCold(Path data, Path toDir) {
        copy(data, toDir, Set.of());
    }

    /** Copies the data of a running server in backup mode, without slots and WAL. */
    static void copyHot(Path data, Path toDir) {
        copy(data, toDir, OF_THE_SERVER);
    }

    private static void copy(Path data, Path toDir, Set<String> emptied) {
        PostgresUser user = PostgresUser.detect();
        Path home = user.reachable(toDir);
        Path target = home.resolve("data");
        try {
            Files.createDirectories(home);
            Path binaries = home.resolve("postgres-binaries");
            if (!Files.exists(binaries)) { // the same server: no need to unpack it again
                Files.createSymbolicLink(
                        binaries, data.resolveSibling("postgres-binaries").toAbsolutePath());
            }
            Files.walkFileTree(data, new Copy(data, target, emptied));
        } catch (IOException e) {
            throw new StackException("cannot copy " + data + " to " + target + ": " + e, e);
        }
        user.own(target);
    }

    private static final class Copy extends SimpleFileVisitor<Path> {

        private final Path from;
        private final Path to;
        private final Set<String> emptied;

        Copy(Path from, Path to, Set<String> emptied) {
            this.from = from;
            this.to = to;
            this.emptied = emptied;
        }

        @Override
        public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) throws IOException {
            Path relative = from.relativize(dir);
            if (relative.getNameCount() > 1
                    && emptied.contains(relative.getName(0).toString())) {
                return FileVisitResult.SKIP_SUBTREE; // Postgres creates those of pg_wal again
            }
            Path target = to.resolve(relative.toString());
            Files.createDirectories(target.getParent());
            Files.copy(dir, target, StandardCopyOption.COPY_ATTRIBUTES); // Postgres requires 0700
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            Path relative = from.relativize(file);
            if (OF_THE_PROCESS.contains(relative.toString())
                    || emptied.contains(relative.getName(0).toString())) {
                return FileVisitResult.CONTINUE;
            }
            try {
                Files.copy(file, to.resolve(relative.toString()), StandardCopyOption.COPY_ATTRIBUTES);
            } catch (NoSuchFileException e) {
                return visitFileFailed(file, e);
            }
            return FileVisitResult.CONTINUE;
        }

        /**
         * A running server may delete a file at any time. Replay of the WAL handles it (Postgres docs, "Low-Level
         * API").
         */
        @Override
        public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
            if (failure instanceof NoSuchFileException) {
                return FileVisitResult.CONTINUE;
            }
            throw failure;
        }
    }
}
