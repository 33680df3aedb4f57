// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.stack;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import java.util.Set;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

/**
 * Postgres' programs ({@code initdb}, {@code postgres}, {@code pg_ctl}), unpacked from a Maven artifact. If
 * {@code -Dpostgres.home} is set, those of that installation, for example of another version.
 */
final class PostgresBinaries {

    private static final String HOME = "postgres.home";

    private final Path home;

    private PostgresBinaries(Path home) {
        this.home = home;
    }

    /** Unpacks below {@code dir}, once. Several processes may do it at the same time. */
    static PostgresBinaries unpackTo(Path dir) {
        String installed = System.getProperty(HOME);
        if (installed != null) {
            return new PostgresBinaries(Path.of(installed));
        }
        String archive = archiveName();
        Path home = dir.resolve("postgres-binaries");
        if (!Files.isDirectory(home)) {
            try {
                Files.createDirectories(dir);
                Path unfinished = Files.createTempDirectory(dir, "unpacking-");
                unpack(archive, unfinished);
                Files.setPosixFilePermissions(unfinished, PosixFilePermissions.fromString("rwxr-xr-x"));
                moveInPlace(unfinished, home);
            } catch (IOException e) {
                throw new StackException("cannot unpack Postgres to " + home + ": " + e.getMessage(), e);
            }
        }
        return new PostgresBinaries(home);
    }

    private static String archiveName() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("mac") ? "darwin" : "linux";
        String arch = System.getProperty("os.arch").equals("aarch64") ? "arm_64" : "x86_64";
        return "postgres-" + os + "-" + arch + ".txz";
    }

    private static void unpack(String archive, Path target) throws IOException {
        try (InputStream resource = PostgresBinaries.class.getResourceAsStream("/" + archive)) {
            if (resource == null) {
                throw new StackException("no Postgres binaries for " + System.getProperty("os.name") + " "
                        + System.getProperty("os.arch") + " on the class path (looked for " + archive
                        + "); supported are Linux and macOS on x86-64 and ARM64");
            }
            TarArchiveInputStream tar =
                    new TarArchiveInputStream(new XZCompressorInputStream(new BufferedInputStream(resource)));
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                unpackEntry(tar, entry, target);
            }
        }
    }

    private static void unpackEntry(TarArchiveInputStream tar, TarArchiveEntry entry, Path target) throws IOException {
        Path path = target.resolve(entry.getName()).normalize();
        if (!path.startsWith(target)) {
            throw new IOException("entry outside of the archive: " + entry.getName());
        }
        if (entry.isDirectory()) {
            Files.createDirectories(path);
            return;
        }
        Files.createDirectories(path.getParent());
        if (entry.isSymbolicLink()) {
            Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
        } else {
            Files.copy(tar, path);
            boolean executable = (entry.getMode() & 0100) != 0;
            Set<PosixFilePermission> permissions =
                    PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--");
            Files.setPosixFilePermissions(path, permissions);
        }
    }

    private static void moveInPlace(Path unfinished, Path home) throws IOException {
        try {
            Files.move(unfinished, home, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileAlreadyExistsException | DirectoryNotEmptyException | AtomicMoveNotSupportedException e) {
            if (!Files.isDirectory(home)) {
                throw e;
            }
            Directories.delete(unfinished); // another process was faster
        }
    }

    /** True for programs of an installation, which may have any version. */
    boolean areInstalled() {
        return System.getProperty(HOME) != null;
    }

    String program(String name) {
        return home.resolve("bin").resolve(name).toString();
    }
}
